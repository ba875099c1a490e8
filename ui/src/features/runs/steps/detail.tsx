import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { CopyButton } from "@/components/ui/copy";
import { Moment } from "@/components/ui/moment";
import { Skeleton } from "@/components/ui/skeleton";
import { RunState } from "@/components/ui/status";
import { api, body } from "@/lib/api";
import { Failure } from "@/lib/failure";
import { duration } from "@/lib/time";
import { useTicking } from "@/lib/ticking";
import { isOpen, type Run, textQuery } from "../data";
import { took } from "../list/rows";
import type { Attempt } from "../live/happened";
import { useFollowed } from "../live/follow";
import { configOf } from "./config";
import { nameOf, type Step } from "./tree";
import { Value } from "./value";

/** What a step was given, how it is set, and what came of it. */
export function StepDetail({ run, step }: { run: Run; step: Step }) {
  const { happened } = useFollowed();
  const now = useTicking(isOpen(run), 1_000);
  const attempts = happened.attempts.filter((one) => one.path === step.path);
  const part = happened.parts[step.path];
  return (
    <section aria-label={`Step ${step.title}`} className="flex min-h-0 min-w-0 flex-1 flex-col gap-3 overflow-auto">
      <header className="rounded-lg border border-line bg-surface px-4 py-3">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <h2 className="min-w-0 truncate text-lg font-semibold">
            <bdi>{step.title || nameOf(step.path)}</bdi>
          </h2>
          <RunState state={step.status} />
          <span className="text-sm text-muted">{step.kind}</span>
          {step.handle ? <span className="text-sm text-muted">took “{step.handle}”</span> : null}
          <span className="ms-auto text-sm tabular text-muted">{step.status === "skipped" ? "Was not needed" : took(step, now)}</span>
        </div>
        <p className="mt-0.5 flex items-center gap-1 text-sm text-muted">
          <span className="min-w-0 truncate font-mono text-xs">{step.path}</span>
          <CopyButton text={step.path} label="Copy the step's path" />
          {step.startedAt ? (
            <span>
              began <Moment at={step.startedAt} />
            </span>
          ) : null}
          {step.waiting ? <span className="text-wait-ink">· waits for {step.waiting}</span> : null}
        </p>
        {step.error ? (
          <p role="alert" className="mt-2 rounded-md bg-bad-soft px-3 py-2 text-base text-bad-ink wrap-anywhere" dir="auto">
            <span className="font-mono font-semibold">{step.error.code}</span>: {step.error.message}
          </p>
        ) : null}
        <Attempts attempts={attempts} total={step.attempts} now={now} />
      </header>
      <div className="grid min-h-80 flex-1 grid-cols-3 gap-3 max-xl:grid-cols-1">
        <Pane title="Input">
          <StepInput run={run} step={step} />
        </Pane>
        <Pane title="Config">
          <Config run={run} step={step} />
        </Pane>
        <Pane title={step.error ? "Error" : "Output"}>
          {part && !step.endedAt ? (
            <pre className="overflow-auto px-3 py-2 font-mono text-sm whitespace-pre-wrap" aria-live="polite">
              {part}
            </pre>
          ) : (
            <Value value={step.error ? step.error.whole : step.output} name={step.error ? "error" : "output"} file={`${nameOf(step.path)}-${step.error ? "error" : "output"}`} empty={step.endedAt ? "It gave nothing." : "It has not ended yet."} className="h-full" />
          )}
        </Pane>
      </div>
    </section>
  );
}

function Pane({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title} className="flex min-h-40 min-w-0 flex-col overflow-hidden rounded-lg border border-line bg-surface">
      <h3 className="shrink-0 border-b border-line px-3 py-1.5 text-sm font-semibold">{title}</h3>
      <div className="min-h-0 flex-1 overflow-auto">{children}</div>
    </section>
  );
}

function Attempts({ attempts, total, now }: { attempts: Attempt[]; total: number; now: number }) {
  if (attempts.length === 0 || (attempts.length === 1 && total === 1 && attempts[0]?.next === undefined)) return null;
  return (
    <details className="mt-2 text-sm" open>
      <summary className="cursor-default text-muted">
        {attempts.length} failed {attempts.length === 1 ? "attempt" : "attempts"}
      </summary>
      <ol className="mt-1 max-h-32 overflow-auto">
        {attempts.map((one) => (
          <li key={`${one.attempt} ${one.at}`} className="flex gap-2 wrap-anywhere">
            <span className="shrink-0 tabular text-muted">{one.attempt}.</span>
            <span>
              <span className="font-mono text-bad-ink">{one.code}</span> {one.message}
            </span>
            {one.next !== undefined && one.next > now ? <span className="shrink-0 tabular text-warn-ink">again in {duration(Math.ceil((one.next - now) / 1_000) * 1_000)}</span> : null}
          </li>
        ))}
      </ol>
    </details>
  );
}

const usePreview = (run: string, step: Step, what: { expression: string } | { template: unknown } | undefined) =>
  useQuery({
    queryKey: ["run", run, "preview", step.path, what, step.endedAt ?? ""],
    enabled: what !== undefined,
    retry: false,
    queryFn: () => body(api.POST("/api/runs/{run}/preview", { params: { path: { run } }, body: { ...what, step: step.path } as never })),
  });

/** The data that reached the step; where it has none of its own, what the run was given. */
export function StepInput({ run, step, dragged = false }: { run: Run; step: Step; dragged?: boolean }) {
  const data = usePreview(run.run, step, { expression: "data" });
  const none = data.isError || (data.isSuccess && (data.data.value ?? null) === null);
  const given = usePreview(run.run, step, none ? { expression: "input" } : undefined);
  const asked = none ? given : data;
  if (asked.isError) return <p className="px-3 py-2 text-base text-muted">{Failure.of(asked.error).message}</p>;
  if (!asked.data) return <Loading />;
  return <Value value={asked.data.value} name={none ? "input" : "data"} file={`${nameOf(step.path)}-input`} empty="It was given nothing." className="h-full" dragged={dragged} />;
}

/** The settings with their expressions worked out as the step saw them, or as they are written. */
function Config({ run, step }: { run: Run; step: Step }) {
  const { happened } = useFollowed();
  // A run that goes on under another text says so in its journal.
  const text = useQuery(textQuery(run.run, happened.records.filter(({ type }) => type === "rebased").length));
  const written = text.data ? configOf(text.data, step.path) : undefined;
  const seen = usePreview(run.run, step, written ? { template: written } : undefined);
  if (text.isPending || (written && seen.isPending)) return <Loading />;
  if (text.isError) return <p className="px-3 py-2 text-base text-muted">{Failure.of(text.error).message}</p>;
  if (!written) return <p className="px-3 py-2 text-base text-muted">The flow's text has no settings of its own for this step.</p>;
  const whole = seen.data?.value ?? undefined;
  return (
    <>
      {whole === undefined ? <p className="px-3 pt-2 text-sm text-muted">As written: not all of its expressions have a value here.</p> : null}
      <Value value={whole ?? written} name="config" file={`${nameOf(step.path)}-config`} empty="It has no settings." />
    </>
  );
}

function Loading() {
  return (
    <div role="status" aria-label="Loading" className="flex flex-col gap-2 p-3">
      <Skeleton className="h-3.5 w-8/12" />
      <Skeleton className="h-3.5 w-5/12" />
    </div>
  );
}
