import { Link } from "@tanstack/react-router";
import { Badge } from "@/components/ui/badge";
import { Panel } from "@/components/ui/panel";
import { Cell, Head, Row, Table } from "@/components/ui/table";

import { duration } from "@/lib/time";
import type { Analytics } from "./data";
import { Nothing } from "./nothing";

export function SlowestSteps({ data }: { data: Analytics }) {
  const most = Math.max(1, ...data.slowestNodes.map((node) => node.p95Duration));
  return (
    <Panel title="Slowest steps" hint={data.read.journals < data.totalRuns ? `From the newest ${data.read.journals} runs` : undefined}>
      {data.slowestNodes.length === 0 ? (
        <Nothing>No step ran in this time.</Nothing>
      ) : (
        <Table className="table-fixed">
          <thead>
            <tr>
              <Head>Step</Head>
              <Head className="w-18 text-end">Times</Head>
              <Head className="w-18 text-end">Failed</Head>
              <Head className="w-46">p95</Head>
            </tr>
          </thead>
          <tbody>
            {data.slowestNodes.map((node) => (
              <Row key={`${node.flow} ${node.node}`} title={node.flow}>
                <Cell>
                  <span className="flex items-baseline gap-2">
                    <span className="truncate font-mono text-sm" title={node.node}>
                      {node.node}
                    </span>
                    <span className="shrink-0 text-sm text-muted">{node.kind}</span>
                  </span>
                </Cell>
                <Cell className="text-end tabular">{node.count.toLocaleString()}</Cell>
                <Cell className={node.failed > 0 ? "text-end tabular text-bad-ink" : "text-end tabular text-muted"}>{node.failed.toLocaleString()}</Cell>
                <Cell>
                  <Bar share={node.p95Duration / most} label={duration(node.p95Duration)} />
                </Cell>
              </Row>
            ))}
          </tbody>
        </Table>
      )}
    </Panel>
  );
}

function Bar({ share, label }: { share: number; label: string }) {
  return (
    <span className="flex items-center gap-2">
      <span className="h-1.5 min-w-16 flex-1 overflow-hidden rounded-full bg-sunken" aria-hidden>
        <span className="block h-full rounded-full bg-series-1" style={{ width: `${Math.max(2, share * 100)}%` }} />
      </span>
      <span className="w-16 text-end text-sm tabular">{label}</span>
    </span>
  );
}

export function TopErrors({ data }: { data: Analytics }) {
  return (
    <Panel title="Most frequent errors">
      {data.topErrors.length === 0 ? (
        <Nothing>{data.totalRuns === 0 ? "No run ended in this time." : "No run failed in this time."}</Nothing>
      ) : (
        <ul className="pb-1">
          {data.topErrors.map((error) => (
            <li key={error.code} className="border-b border-line last:border-0">
              <Link to={`/runs/${error.run}` as string} className="flex items-center gap-3 px-4 py-2 hover:bg-hover">
                <span className="w-10 shrink-0 text-end text-lg font-semibold tabular">{error.count.toLocaleString()}</span>
                <span className="min-w-0 flex-1">
                  <Badge tone="bad" className="font-mono">
                    {error.code}
                  </Badge>
                  <span className="mt-0.5 block truncate text-sm text-muted" dir="auto" title={error.message}>
                    {error.message}
                  </span>
                </span>
                <span className="shrink-0 text-sm text-accent-ink">Newest run</span>
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
