import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { GitBranch } from "lucide-react";
import { Panel } from "@/components/ui/panel";
import { RunState } from "@/components/ui/status";
import { api, body } from "@/lib/api";
import { placeQuery, type Run, type RunLine } from "../data";
import { useFollowed } from "../live/follow";
import { type Branch, branches } from "./lineage";

const LOOKED_AT = 50;

interface Begun {
  line: RunLine;
  from: string;
  seq: number;
}

/** The flow's newest forks, with where each began: the first record of a fork says so. */
const forksQuery = (flow: string) => ({
  queryKey: ["runs", "forks", flow],
  refetchInterval: 10_000,
  queryFn: async (): Promise<{ forks: Begun[]; all: boolean }> => {
    const { items, next } = await body(api.GET("/api/runs", { params: { query: { flow, trigger: "fork", limit: LOOKED_AT } } }));
    const begun = await Promise.all(items.map(beginning));
    return { forks: begun.filter((one) => one !== undefined), all: !next };
  },
});

async function beginning(line: RunLine): Promise<Begun | undefined> {
  const { items } = await body(api.GET("/api/runs/{run}/journal", { params: { path: { run: line.run }, query: { limit: 1 } } }));
  const { from, seq } = (items[0]?.payload ?? {}) as { from?: string; seq?: number };
  return from && seq ? { line, from, seq } : undefined;
}

/** The run, what it was forked from, and what was forked from it. */
export function Branches({ run, at }: { run: Run; at: number }) {
  const { happened } = useFollowed();
  const { data: place } = useQuery(placeQuery(run.run, run.flow));
  const flow = place?.flow ?? "";
  const asked = useQuery({ ...forksQuery(flow), enabled: flow !== "" });
  const first = happened.records[0]?.payload as { from?: string; seq?: number } | undefined;
  const forks = asked.data?.forks ?? [];
  const drawn = branches(run.run, first?.from && first.seq ? { run: first.from, seq: first.seq } : undefined, forks.map(({ line, from, seq }) => ({ run: line.run, from, seq })));
  if (drawn.length < 2) return null;
  const lines = new Map(forks.map(({ line }) => [line.run, line]));
  return (
    <Panel title="Branches" hint={asked.data && !asked.data.all ? `From the newest ${LOOKED_AT} forks of this flow` : undefined}>
      <ul className="pb-2" aria-label="Branches of this run">
        {drawn.map((branch) => (
          <BranchLine key={branch.run} branch={branch} line={lines.get(branch.run)} own={branch.run === run.run} at={at} current={run} />
        ))}
      </ul>
    </Panel>
  );
}

function BranchLine({ branch, line, own, at, current }: { branch: Branch; line: RunLine | undefined; own: boolean; at: number; current: Run }) {
  const status = own ? current.status : line?.status;
  return (
    <li className="relative flex h-9 items-center gap-2 px-4 text-base" style={{ paddingInlineStart: 16 + branch.depth * 28 }}>
      {branch.depth > 0 ? <span aria-hidden className="absolute -top-4.5 h-9 w-4 rounded-es-md border-s-2 border-b-2 border-line-strong" style={{ insetInlineStart: 22 + (branch.depth - 1) * 28 }} /> : null}
      <GitBranch className="size-3.5 shrink-0 text-muted" aria-hidden />
      {own ? (
        <span className="font-mono font-semibold" aria-current="true">
          {branch.run.slice(-12)}
        </span>
      ) : (
        <Link to="/runs/$run" params={{ run: branch.run }} search={{ tab: "machine" }} className="font-mono text-accent-ink hover:underline">
          {branch.run.slice(-12)}
        </Link>
      )}
      {status ? <RunState state={status} /> : null}
      <span className="text-sm text-muted">{own ? `this run, at event ${at}` : branch.seq ? `forked after event ${branch.seq}` : "where it was forked from"}</span>
      {own ? null : (
        <Link to="/runs/compare" search={{ a: current.run, b: branch.run }} className="ms-auto text-sm text-accent-ink hover:underline">
          Compare<span className="sr-only"> with {branch.run}</span>
        </Link>
      )}
    </li>
  );
}
