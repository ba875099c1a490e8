import { Link } from "@tanstack/react-router";
import { Moment } from "@/components/ui/moment";
import { Panel } from "@/components/ui/panel";
import { DeploymentState } from "@/components/ui/status";
import { Cell, Head, Row, Table } from "@/components/ui/table";
import { type FlowLine, nameOf } from "@/features/flows/data";
import { Nothing } from "./nothing";

const SHOWN = 12;

/** What is switched on, and what should be but cannot. */
export function Deployments({ flows }: { flows: FlowLine[] }) {
  const on = flows.filter((flow) => flow.status.status !== "stopped").sort((a, b) => rank(a) - rank(b));
  const off = flows.length - on.length;
  return (
    <Panel title="Deployments" hint={`${on.length} on, ${off} off`} actions={<AllFlows />}>
      {on.length === 0 ? (
        <Nothing>No flow is switched on. A flow that is on answers its triggers.</Nothing>
      ) : (
        <Table>
          <thead>
            <tr>
              <Head>Flow</Head>
              <Head>Project</Head>
              <Head>State</Head>
              <Head>Version</Head>
              <Head>Since</Head>
            </tr>
          </thead>
          <tbody>
            {on.slice(0, SHOWN).map((flow) => (
              <DeploymentRow key={flow.id} flow={flow} />
            ))}
          </tbody>
        </Table>
      )}
    </Panel>
  );
}

function DeploymentRow({ flow }: { flow: FlowLine }) {
  const { status, asleep, problem, version, since } = flow.status;
  return (
    <Row>
      <Cell>
        <Link to="/flows/$flow" params={{ flow: flow.id }} className="block truncate font-medium hover:underline">
          <bdi>{nameOf(flow)}</bdi>
        </Link>
        {problem ? <span className="block truncate text-sm text-bad-ink">{problem}</span> : null}
      </Cell>
      <Cell className="truncate text-muted">{flow.project}</Cell>
      <Cell>
        <DeploymentState state={status} asleep={asleep} />
      </Cell>
      <Cell className="tabular text-muted">{version ?? "–"}</Cell>
      <Cell className="whitespace-nowrap text-muted">{since ? <Moment at={since} /> : "–"}</Cell>
    </Row>
  );
}

/** What needs somebody comes first. */
const rank = (flow: FlowLine): number => ["error", "starting", "running"].indexOf(flow.status.status);

function AllFlows() {
  return (
    <Link to="/flows" className="text-sm text-accent-ink hover:underline">
      All flows
    </Link>
  );
}
