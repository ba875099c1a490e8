import { useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { ArrowLeftRight } from "lucide-react";
import { useMemo } from "react";
import { buttonLook } from "@/components/ui/button";
import { Moment } from "@/components/ui/moment";
import { PageBody, PageHeader } from "@/components/ui/page";
import { Panel } from "@/components/ui/panel";
import { Empty, Failed, Forbidden, Loading } from "@/components/ui/states";
import { RunState, runLook, StateIcon } from "@/components/ui/status";
import { cn } from "@/lib/cn";
import { api, body } from "@/lib/api";
import { useNow } from "@/lib/now";
import { useMay } from "@/features/session/data";
import { type Replayed, type Run, runQuery } from "../data";
import { took } from "../list/rows";
import { Value } from "../steps/value";
import { Changes } from "./changes";
import { comparable } from "./state";

/** A run as it stands now; it may go on, so it is not kept. */
const newest = (run: string) => ({
  queryKey: ["run", run, "newest"],
  enabled: run !== "",
  queryFn: () => body(api.GET("/api/runs/{run}/replay", { params: { path: { run }, query: {} } })),
});

/** Two runs side by side, and what differs between them. */
export function ComparePage() {
  const may = useMay();
  const { a, b } = useSearch({ from: "/_app/runs/compare" });
  const left = useQuery({ ...runQuery(a), enabled: a !== "" });
  const right = useQuery({ ...runQuery(b), enabled: b !== "" });
  const before = useQuery(newest(a));
  const after = useQuery(newest(b));
  if (!may("runs.read")) return <Forbidden what="runs" />;
  if (!a || !b) {
    return (
      <Empty title="Two runs are compared" actions={<Link to="/runs" className={buttonLook({})}>All runs</Link>}>
        Open one of them and choose “Compare with another run”.
      </Empty>
    );
  }
  const all = [left, right, before, after];
  const failed = all.find(({ isError }) => isError);
  if (failed) return <Failed error={failed.error} onRetry={() => void Promise.all(all.map((one) => one.refetch()))} what="one of these runs" />;
  if (!left.data || !right.data || !before.data || !after.data) return <Loading label="Loading both runs" />;
  return (
    <>
      <PageHeader
        title="Two runs side by side"
        actions={
          <Link to="/runs/compare" search={{ a: b, b: a }} className={buttonLook({})}>
            <ArrowLeftRight aria-hidden />
            Swap
          </Link>
        }
      />
      <PageBody className="flex flex-col gap-3">
        <div className="grid grid-cols-2 gap-3">
          <Side run={left.data} />
          <Side run={right.data} />
        </div>
        <Panel title="What differs">
          <Changes before={comparable(before.data)} after={comparable(after.data)} none="Nothing: both ended in the same state." />
        </Panel>
        <Steps left={before.data} right={after.data} />
        <div className="grid grid-cols-2 gap-3 max-lg:grid-cols-1">
          <Panel title="Variables on the left">
            <Value value={before.data.variables} name="vars" file="variables-left" empty="None is set." className="max-h-96" />
          </Panel>
          <Panel title="Variables on the right">
            <Value value={after.data.variables} name="vars" file="variables-right" empty="None is set." className="max-h-96" />
          </Panel>
        </div>
      </PageBody>
    </>
  );
}

function Side({ run }: { run: Run }) {
  return (
    <Panel className="px-4 py-3">
      <div className="flex flex-wrap items-center gap-2">
        <Link to="/runs/$run" params={{ run: run.run }} className="min-w-0 truncate font-semibold hover:underline">
          <bdi>{run.flow}</bdi> <span className="font-mono text-sm font-normal text-muted">{run.run.slice(-12)}</span>
        </Link>
        <RunState state={run.status} />
        <span className="ms-auto text-sm tabular text-muted">{took(run, useNow())}</span>
      </div>
      <p className="mt-1 text-sm text-muted">
        Began <Moment at={run.createdAt} />, version <span className="font-mono">{run.version.slice(0, 10)}</span>
      </p>
      {run.error ? (
        <p className="mt-2 text-sm text-bad-ink wrap-anywhere" dir="auto">
          <span className="font-mono font-semibold">{run.error.code}</span>: {run.error.message}
        </p>
      ) : null}
    </Panel>
  );
}

type Step = Replayed["steps"][number];

function Steps({ left, right }: { left: Replayed; right: Replayed }) {
  const lines = useMemo(() => paired(left.steps, right.steps), [left, right]);
  return (
    <Panel title="Steps" hint="In the order of the left run">
      <ul className="max-h-120 overflow-auto pb-1" tabIndex={0} aria-label="Steps of both runs">
        {lines.slice(0, 1_000).map(({ path, before, after }) => {
          const same = before && after && before.status === after.status && JSON.stringify(before.output) === JSON.stringify(after.output);
          return (
            <li key={path} className={cn("grid grid-cols-[minmax(12rem,1fr)_1fr_1fr] items-center gap-3 border-t border-line px-4 py-1.5 text-base", !same && "bg-warn-soft")}>
              <span className="truncate font-mono text-xs" title={path}>
                {path}
              </span>
              <Cell step={before} />
              <Cell step={after} />
            </li>
          );
        })}
      </ul>
    </Panel>
  );
}

function Cell({ step }: { step: Step | undefined }) {
  const now = useNow();
  if (!step) return <span className="text-sm text-muted">not in this run</span>;
  const look = runLook(step.status);
  return (
    <span className="flex min-w-0 items-center gap-1.5 text-sm">
      <StateIcon look={look} />
      {look.label}
      <span className="tabular text-muted">{step.startedAt ? took(step, now) : ""}</span>
      {step.error ? <span className="truncate font-mono text-xs text-bad-ink">{step.error.code}</span> : null}
    </span>
  );
}

function paired(left: Step[], right: Step[]): { path: string; before?: Step; after?: Step }[] {
  const others = new Map(right.map((step) => [step.path, step]));
  const known = new Set(left.map(({ path }) => path));
  const both = left.map((before) => {
    const after = others.get(before.path);
    return { path: before.path, before, ...(after ? { after } : {}) };
  });
  return [...both, ...right.filter(({ path }) => !known.has(path)).map((after) => ({ path: after.path, after }))];
}
