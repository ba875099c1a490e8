import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { Rocket } from "lucide-react";
import { Button, buttonLook } from "@/components/ui/button";
import { Moment } from "@/components/ui/moment";
import { Panel } from "@/components/ui/panel";
import { Empty, Forbidden } from "@/components/ui/states";
import { DeploymentState } from "@/components/ui/status";
import { Cell, Head, Row, Table } from "@/components/ui/table";
import { Segments } from "@/components/ui/tabs";
import { Switch } from "@/components/ui/toggle";
import { HostsPanel } from "@/features/hosts/hosts-panel";
import { nameOf, useSwitchFlow, type FlowLine } from "@/features/flows/data";
import { useMay } from "@/features/session/data";
import { useProject } from "@/features/session/place";
import { itemsOf, Parts, useParts } from "@/features/settings/common/parts";
import { api, body } from "@/lib/api";
import { duration } from "@/lib/time";
import { countOf, SHOWN, type Shown, shownOf, sorted } from "./standing";

const EVERY = 10_000;

export function DeploymentsPage() {
  const may = useMay()("flows.read");
  const [project] = useProject();
  const { show = "all" } = useSearch({ from: "/_app/monitoring/deployments" });
  const navigate = useNavigate({ from: "/monitoring/deployments" });
  const asked = useParts<FlowLine>(["flows", "monitored", project], (after) => body(api.GET("/api/flows", { params: { query: { limit: 200, ...after, ...(project ? { project } : {}) } } })), { every: EVERY, enabled: may });
  if (!may) return <Forbidden what="deployments" />;
  const flows = itemsOf(asked);
  const choose = (next: Shown) => void navigate({ search: next === "all" ? {} : { show: next }, replace: true });
  const none = (
    <Empty
      icon={<Rocket aria-hidden />}
      title="There is no flow yet"
      actions={
        <Link to="/flows" className={buttonLook({})}>
          To the flows
        </Link>
      }
    >
      A flow that is switched on answers its triggers, and is shown here.
    </Empty>
  );
  return (
    <div className="flex flex-col gap-4">
      <Server />
      <Panel aria-label="Deployments">
        {flows.length > 0 ? (
          <div className="flex flex-wrap items-center gap-3 border-b border-line px-3 py-2">
            <Segments label="State" value={show} onChange={choose} options={SHOWN.map(({ value, label }) => ({ value, label: `${label} ${countOf(flows, value)}`, name: `${label}: ${countOf(flows, value)}` }))} />
          </div>
        ) : null}
        <Parts asked={asked} what="deployments" noun={["flow", "flows"]} empty={none}>
          {(all) => {
            const shown = sorted(shownOf(all, show));
            return shown.length === 0 ? <Empty title="No flow is in this state" actions={<Button onClick={() => choose("all")}>Show all</Button>} /> : <DeploymentTable flows={shown} />;
          }}
        </Parts>
      </Panel>
      <HostsPanel />
    </div>
  );
}

function DeploymentTable({ flows }: { flows: FlowLine[] }) {
  return (
    <Table>
      <thead>
        <tr>
          <Head>Flow</Head>
          <Head>Project</Head>
          <Head>State</Head>
          <Head>Version</Head>
          <Head>Since</Head>
          <Head>
            <span className="sr-only">On or off</span>
          </Head>
        </tr>
      </thead>
      <tbody>
        {flows.map((flow) => (
          <DeploymentRow key={flow.id} flow={flow} />
        ))}
      </tbody>
    </Table>
  );
}

function DeploymentRow({ flow }: { flow: FlowLine }) {
  const { status, asleep, problem, version, published, since, runtime } = flow.status;
  const newer = typeof published === "number" && typeof version === "number" && published > version;
  return (
    <Row>
      <Cell>
        <Link to="/flows/$flow" params={{ flow: flow.id }} className="block truncate font-medium hover:underline" title={nameOf(flow)}>
          <bdi>{nameOf(flow)}</bdi>
        </Link>
        {problem ? (
          <span className="block py-0.5 text-sm text-bad-ink wrap-anywhere">
            <bdi>{problem}</bdi>
          </span>
        ) : null}
      </Cell>
      <Cell className="max-w-48 truncate text-muted">{flow.service === "default" ? flow.project : `${flow.project} / ${flow.service}`}</Cell>
      <Cell>
        <DeploymentState state={status} asleep={asleep} />
        {runtime.startsWith("temporal:") ? <span className="block text-sm text-muted">on Temporal, <bdi>{runtime.slice("temporal:".length)}</bdi></span> : null}
      </Cell>
      <Cell className="whitespace-nowrap text-muted tabular">{version ? (newer ? `${version}, ${published} is newer` : version) : published ? `${published}, not on` : "never published"}</Cell>
      <Cell className="whitespace-nowrap text-muted">{since ? <Moment at={since} /> : "–"}</Cell>
      <Cell className="text-end">
        <Turn flow={flow} />
      </Cell>
    </Row>
  );
}

function Turn({ flow }: { flow: FlowLine }) {
  const may = useMay()("flows.deploy");
  const turn = useSwitchFlow();
  if (!may) return null;
  const on = flow.status.status !== "stopped";
  return <Switch aria-label={`${nameOf(flow)}: ${on ? "switch off" : "switch on"}`} checked={turn.isPending ? turn.variables.on : on} disabled={turn.isPending} onCheckedChange={(next) => turn.mutate({ flow, on: next })} />;
}

/** How the server itself stands, and what it stands on. */
function Server() {
  const { data } = useQuery({ queryKey: ["health"], queryFn: () => body(api.GET("/health")), refetchInterval: EVERY });
  if (!data) return null;
  const wrong = Object.entries(data.dependencies).filter(([, how]) => how !== "available");
  return (
    <dl aria-label="Server" className="flex flex-wrap items-center gap-x-6 gap-y-1 rounded-lg border border-line bg-surface px-4 py-2.5 text-base">
      <Fact name="Server">{data.status === "healthy" ? <span className="text-ok-ink">Well</span> : <span className="text-bad-ink">Not well</span>}</Fact>
      <Fact name="Up for">{duration(data.uptime * 1_000)}</Fact>
      <Fact name="Version">{data.version}</Fact>
      {wrong.map(([name, how]) => (
        <Fact key={name} name={name}>
          <span className="text-bad-ink wrap-anywhere">{String(how)}</span>
        </Fact>
      ))}
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div className="flex gap-2">
      <dt className="text-muted">{name}</dt>
      <dd className="font-medium">{children}</dd>
    </div>
  );
}
