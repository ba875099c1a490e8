import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { api, body, type Schemas } from "@/lib/api";

export type Run = Schemas["RunSummary"];
export type Step = Schemas["StepLine"];

const OVER = new Set(["succeeded", "failed", "cancelled", "timed_out"]);
export const isOver = (status: string): boolean => OVER.has(status);

/** A run and its steps, looked at again whenever the server says that something has happened. */
export function useRun(run: string | undefined): { run: Run | undefined; steps: Step[] } {
  const queries = useQueryClient();
  const path = { run: run ?? "" };
  const summary = useQuery({ queryKey: ["run", run], queryFn: () => body(api.GET("/api/runs/{run}", { params: { path } })), enabled: run !== undefined, staleTime: 0 });
  const steps = useQuery({ queryKey: ["run", run, "steps"], queryFn: () => body(api.GET("/api/runs/{run}/steps", { params: { path } })), enabled: run !== undefined, staleTime: 0 });
  const over = summary.data !== undefined && isOver(summary.data.status);
  useEffect(() => {
    if (run === undefined || over) return;
    return follow(run, () => void queries.invalidateQueries({ queryKey: ["run", run] }));
  }, [run, over, queries]);
  return { run: run === undefined ? undefined : summary.data, steps: run === undefined ? [] : (steps.data?.items ?? []) };
}

/** Listens to a run, and tells of what happens at most four times a second. The browser takes the stream up again by itself. */
export function follow(run: string, told: () => void): () => void {
  const source = new EventSource(`/api/runs/${encodeURIComponent(run)}/events`);
  let waiting: ReturnType<typeof setTimeout> | undefined;
  const happened = () => {
    waiting ??= setTimeout(() => {
      waiting = undefined;
      told();
    }, 250);
  };
  for (const type of ["record", "state", "observation", "message"]) source.addEventListener(type, happened);
  source.addEventListener("open", happened);
  return () => {
    clearTimeout(waiting);
    source.close();
  };
}
