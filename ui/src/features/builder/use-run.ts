import { useQuery } from "@tanstack/react-query";
import { useMemo, useSyncExternalStore } from "react";
import { runQuery, stepsQuery, useAskedAgain } from "@/features/runs/data";
import { type Attempt, isOver, NOTHING } from "@/features/runs/live/happened";
import { type Followed, RunStream } from "@/features/runs/live/stream";
import type { Schemas } from "@/lib/api";

export type Run = Schemas["RunSummary"];
export type Step = Schemas["StepLine"];

export { isOver };

export interface TriedRun {
  run: Run | undefined;
  steps: Step[];
  /** Attempts that failed, as far as they were told. */
  attempts: Attempt[];
}

const NO_STEPS: Step[] = [];
const NONE: Followed = { happened: NOTHING, state: "opening" };
const nobody = () => () => {};
const none = () => NONE;

/** A run and its steps, looked at again whenever the server says that something has happened. */
export function useRun(run: string | undefined): TriedRun {
  const stream = useMemo(() => (run === undefined ? undefined : new RunStream(run)), [run]);
  const followed = useSyncExternalStore(stream?.subscribe ?? nobody, stream?.look ?? none);
  const on = run !== undefined;
  const summary = useQuery({ ...runQuery(run ?? ""), enabled: on, staleTime: 0 });
  const steps = useQuery({ ...stepsQuery(run ?? ""), enabled: on, staleTime: 0 });
  useAskedAgain(run, followed);
  return {
    run: on ? summary.data : undefined,
    steps: (on ? steps.data : undefined) ?? NO_STEPS,
    attempts: followed.happened.attempts,
  };
}
