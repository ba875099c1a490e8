import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";
import { CircleAlert, CloudOff } from "lucide-react";
import { buttonLook } from "@/components/ui/button";
import { CopyButton } from "@/components/ui/copy";
import { PageBody } from "@/components/ui/page";
import { Failed, Forbidden, Loading } from "@/components/ui/states";
import { Tab, TabList, TabPanel, Tabs } from "@/components/ui/tabs";
import { useMay } from "@/features/session/data";
import { Failure } from "@/lib/failure";
import { late } from "@/lib/late";
import { type Run, useLiveRun } from "../data";
import { Follow, useFollowed } from "../live/follow";
import { Machine } from "../machine/machine";
import { StateView } from "../machine/state-view";
import { causeOf, nameOf, type Step } from "../steps/tree";
import { StepsView } from "../steps/view";
import { Timeline } from "../timeline/timeline";
import { EventsView } from "./events";
import { RunHeader } from "./header";
import { LogsView } from "./logs";
import type { RunSearch, TabName } from "./search";
import { WaitingPanel } from "./waiting";

// Drawing brings much with it that the other views do without.
const { Part: GraphView } = late(() => import("../steps/graph"), { waiting: <Loading label="Drawing the flow" /> });

export function RunPage() {
  const may = useMay();
  const { run } = useParams({ from: "/_app/runs/$run/" });
  if (!may("runs.read")) return <Forbidden what="runs" />;
  return (
    <Follow key={run} run={run}>
      <Live id={run} />
    </Follow>
  );
}

function Live({ id }: { id: string }) {
  const { failure } = useFollowed();
  const { summary, steps } = useLiveRun(id);
  if (summary.data) return <Opened run={summary.data} steps={steps.data} stepsError={steps.error} onRetry={() => void steps.refetch()} />;
  if (summary.isPending) return <Loading label="Loading the run" />;
  return <Failed error={failure?.kind === "not-found" ? failure : summary.error} onRetry={() => void summary.refetch()} what="this run" />;
}

interface OpenedProps {
  run: Run;
  steps: Step[] | undefined;
  stepsError: Error | null;
  onRetry: () => void;
}

function Opened({ run, steps, stepsError, onRetry }: OpenedProps) {
  const search = useSearch({ from: "/_app/runs/$run/" });
  const navigate = useNavigate({ from: "/runs/$run/" });
  const { happened } = useFollowed();
  const tab = search.tab ?? "steps";
  const change = useCallback((next: Partial<RunSearch>) => void navigate({ search: (before) => ({ ...before, ...next }), replace: true }), [navigate]);
  const stepsShown = steps ?? [];
  const cause = run.error ? causeOf(stepsShown, run.error.path) : undefined;
  const chosen = search.step ?? cause?.path;
  const open = (path: string) => change({ tab: "steps", step: path });
  return (
    <div className="flex h-full min-h-140 flex-col">
      <RunHeader run={run} />
      <Broken />
      <PageBody className="flex min-h-0 flex-1 flex-col gap-3 pb-6">
        {run.error ? <Cause run={run} cause={cause} onOpen={open} /> : null}
        <WaitingPanel run={run} steps={stepsShown} />
        <Tabs value={tab} onValueChange={(next) => change({ tab: next as TabName })} className="flex min-h-0 flex-1 flex-col">
          <TabList aria-label="Views of this run">
            <Tab value="steps" count={stepsShown.filter(({ region }) => !region).length}>
              Steps
            </Tab>
            <Tab value="graph">Graph</Tab>
            <Tab value="timeline">Timeline</Tab>
            <Tab value="events" count={happened.records.length}>
              Events
            </Tab>
            <Tab value="logs" count={happened.logs.length}>
              Logs
            </Tab>
            <Tab value="state">State</Tab>
            <Tab value="machine">Time machine</Tab>
          </TabList>
          <TabPanel value="steps" className="min-h-0 flex-1 pt-3">
            {stepsError && !steps ? <Failed error={stepsError} onRetry={onRetry} what="its steps" /> : <StepsView run={run} steps={steps} chosen={chosen} onChoose={(path) => change({ step: path })} />}
          </TabPanel>
          <TabPanel value="graph" className="min-h-0 flex-1 pt-3">
            <GraphView run={run} steps={stepsShown} chosen={chosen} onChoose={(path) => change({ step: path })} onOpen={open} />
          </TabPanel>
          <TabPanel value="timeline" className="min-h-0 flex-1 pt-3">
            <Timeline run={run} steps={stepsShown} chosen={chosen} onOpen={open} />
          </TabPanel>
          <TabPanel value="events" className="min-h-0 flex-1 pt-3">
            <EventsView onStep={open} onRecord={(at) => change({ tab: "machine", at })} />
          </TabPanel>
          <TabPanel value="logs" className="min-h-0 flex-1 pt-3">
            <LogsView run={run} onStep={open} />
          </TabPanel>
          <TabPanel value="state" className="min-h-0 flex-1 overflow-auto pt-3">
            <StateView run={run.run} />
          </TabPanel>
          <TabPanel value="machine" className="min-h-0 flex-1 overflow-auto pt-3">
            <Machine run={run} at={search.at} other={search.with} onChange={change} />
          </TabPanel>
        </Tabs>
      </PageBody>
    </div>
  );
}

/** Says that what is shown may be behind, where the stream is cut off. */
function Broken() {
  const { state, failure } = useFollowed();
  if (failure && failure.kind !== "signed-out") {
    return (
      <p role="alert" className="mx-6 mb-3 rounded-md bg-warn-soft px-3 py-2 text-base text-warn-ink">
        What happens in this run cannot be followed: {Failure.of(failure).message}
      </p>
    );
  }
  if (state !== "broken") return null;
  return (
    <p role="status" className="mx-6 mb-3 flex items-center gap-2 rounded-md bg-warn-soft px-3 py-2 text-base text-warn-ink">
      <CloudOff className="size-4 shrink-0" aria-hidden />
      The server cannot be heard. What is shown here goes on by itself when it can, with nothing left out.
    </p>
  );
}

function Cause({ run, cause, onOpen }: { run: Run; cause: Step | undefined; onOpen: (path: string) => void }) {
  const may = useMay();
  const path = cause?.path ?? run.error?.path;
  return (
    <section aria-label="Why it failed" className="flex flex-wrap items-center gap-x-3 gap-y-2 rounded-lg border border-bad bg-bad-soft px-4 py-2.5">
      <CircleAlert className="size-4 shrink-0 text-bad-ink" aria-hidden />
      <div className="min-w-0 flex-1 basis-80">
        <p className="text-base text-bad-ink wrap-anywhere" dir="auto">
          <span className="font-mono font-semibold">{run.error?.code}</span>: {run.error?.message}
        </p>
        {path ? (
          <p className="text-sm text-muted">
            In{" "}
            <button type="button" className="rounded-xs font-medium text-ink underline underline-offset-2 hover:no-underline" onClick={() => onOpen(path)}>
              <bdi>{cause?.title || nameOf(path)}</bdi>
            </button>{" "}
            <span className="font-mono text-xs">{path}</span>
          </p>
        ) : null}
      </div>
      <CopyButton text={JSON.stringify(run.error?.whole ?? run.error, null, 2)} label="Copy the error" />
      <a className="text-sm text-accent-ink hover:underline" href={`/docs/errors/${run.error?.code ?? ""}`} target="_blank" rel="noreferrer">
        About this error
      </a>
      {may("runs.control") ? (
        <Link to="/runs/$run/fix" params={{ run: run.run }} className={buttonLook({ look: "primary" })}>
          Fix forward
        </Link>
      ) : null}
    </section>
  );
}
