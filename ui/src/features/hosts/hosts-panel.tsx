import { Link } from "@tanstack/react-router";
import { CircleCheck, CircleDashed, CircleX, LoaderCircle, type LucideIcon, Server, Unplug } from "lucide-react";
import { type ReactNode, useState } from "react";
import { Badge, type Tone } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Moment } from "@/components/ui/moment";
import { Panel } from "@/components/ui/panel";
import { SkeletonRows } from "@/components/ui/skeleton";
import { Empty, Failed } from "@/components/ui/states";
import { Cell, Head, Row, Table } from "@/components/ui/table";
import { Failure } from "@/lib/failure";
import { type Host, type Hosted, useHosts } from "./data";
import { type HostOf, namesOf, type Unread } from "./gathered";
import { codeOf, type Standing, standing, WORDS } from "./standing";

/** So many flows of a host are shown at first. */
const FIRST = 20;

/** Machines that run compiled flows, as they have told of themselves. */
export function HostsPanel() {
  const found = useHosts();
  return (
    <Panel title="Hosts" hint="Machines that run compiled flows">
      {found.error ? <Failed error={found.error} what="hosts" onRetry={found.retry} /> : <Known {...found} />}
    </Panel>
  );
}

function Known({ hosts, unread, isPending, more, cut, retry }: ReturnType<typeof useHosts>) {
  return (
    <>
      {hosts.length > 0 ? <HostTable hosts={hosts} /> : isPending ? <SkeletonRows /> : unread.length === 0 ? <NoHosts /> : null}
      {more ? <Below>The newest 200 of each project are shown.</Below> : null}
      {cut ? <Below>Only the first 200 projects are looked at; <code className="font-mono">weir projects hosts</code> lists those of another one.</Below> : null}
      {unread.length > 0 ? <Missing unread={unread} onRetry={retry} /> : null}
    </>
  );
}

const Below = ({ children }: { children: ReactNode }) => <p className="border-t border-line px-4 py-2 text-sm text-muted">{children}</p>;

function Missing({ unread, onRetry }: { unread: readonly Unread[]; onRetry: () => void }) {
  return (
    <div role="alert" className="flex items-center gap-3 border-t border-line px-4 py-2 text-sm text-bad-ink">
      <span className="flex-1 wrap-anywhere">{`Hosts of ${namesOf(unread)} could not be read: ${Failure.of(unread[0]?.error).message}`}</span>
      <Button size="sm" onClick={onRetry}>Try again</Button>
    </div>
  );
}

function NoHosts() {
  return (
    <Empty icon={<Server aria-hidden />} title="No machine runs compiled flows" className="py-8">
      Flows run on this server. <code className="font-mono">weir flows compile</code> writes one as TypeScript, and <code className="font-mono">npm run host</code> in a generated project runs the code of a whole project: that machine is shown here.
    </Empty>
  );
}

function HostTable({ hosts }: { hosts: HostOf[] }) {
  return (
    <Table>
      <thead>
        <tr>
          <Head>Host</Head>
          <Head>Runs</Head>
          <Head>State</Head>
          <Head>Code</Head>
          <Head>Last seen</Head>
        </tr>
      </thead>
      {hosts.map((one) => (
        <HostRows key={`${one.project} ${one.host.only ?? ""} ${one.host.name}`} {...one} />
      ))}
    </Table>
  );
}

function HostRows({ project, host }: HostOf) {
  const [all, showAll] = useState(false);
  const shown = all ? host.flows : host.flows.slice(0, FIRST);
  return (
    <tbody aria-label={host.name}>
      <Row>
        <Cell className="max-w-64">
          <bdi className="block truncate font-medium" title={host.name}>
            {host.name}
          </bdi>
          <Problem text={host.error} />
        </Cell>
        <Cell className="text-muted">{host.only ? `one flow of ${project}` : `all of ${project}`}</Cell>
        <Cell>
          <StandingBadge standing={standing(host.state, host)} />
        </Cell>
        <Cell className="text-muted">{host.flows.length === 0 ? "nothing is compiled yet" : null}</Cell>
        <Cell className="whitespace-nowrap text-muted">
          <Moment at={host.seenAt} />
        </Cell>
      </Row>
      {shown.map((flow) => (
        <FlowRow key={flow.flow} flow={flow} host={host} />
      ))}
      {shown.length < host.flows.length ? (
        <Row>
          <Cell colSpan={5} className="ps-8">
            <Button look="quiet" onClick={() => showAll(true)}>
              Show all {host.flows.length} flows
            </Button>
          </Cell>
        </Row>
      ) : null}
    </tbody>
  );
}

function FlowRow({ flow, host }: { flow: Hosted; host: Host }) {
  return (
    <Row>
      <Cell />
      <Cell>
        {flow.name ? (
          <Link to="/flows/$flow" params={{ flow: flow.flow }} className="block truncate hover:underline" title={flow.name}>
            <bdi>{flow.name}</bdi>
          </Link>
        ) : (
          <span className="text-muted">a flow that is deleted</span>
        )}
        <Problem text={flow.error} />
      </Cell>
      <Cell>
        <StandingBadge standing={standing(flow.state, host)} />
      </Cell>
      <Cell className="text-muted tabular">{codeOf(flow)}</Cell>
      <Cell className="whitespace-nowrap text-muted">{flow.loadedAt ? <>since <Moment at={flow.loadedAt} /></> : null}</Cell>
    </Row>
  );
}

function Problem({ text }: { text?: string | null | undefined }) {
  if (!text) return null;
  return (
    <span className="line-clamp-4 block py-0.5 text-sm text-bad-ink wrap-anywhere" title={text}>
      <bdi>{text}</bdi>
    </span>
  );
}

const LOOKS: Record<Standing, { icon: LucideIcon; tone: Tone }> = {
  starting: { icon: LoaderCircle, tone: "busy" },
  running: { icon: CircleCheck, tone: "ok" },
  failed: { icon: CircleX, tone: "bad" },
  stopped: { icon: CircleDashed, tone: "plain" },
  silent: { icon: Unplug, tone: "warn" },
};

function StandingBadge({ standing }: { standing: Standing }) {
  const { icon: Icon, tone } = LOOKS[standing];
  return (
    <Badge tone={tone}>
      <Icon aria-hidden />
      {WORDS[standing]}
    </Badge>
  );
}
