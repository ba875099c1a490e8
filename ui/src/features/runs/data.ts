import { keepPreviousData, queryOptions, useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { toast } from "@/components/ui/toast";
import { api, body, type Schemas } from "@/lib/api";
import { asked, type RunsSearch } from "./list/search";
import { isOver } from "./live/happened";
import { useFollowAgain, useFollowed } from "./live/follow";
import type { Followed } from "./live/stream";

export type RunLine = Schemas["RunLine"];
export type Run = Schemas["RunSummary"];
export type Replayed = Schemas["ReplayBody"];
export type Offer = Schemas["OfferView"];

/** How many runs come at a time. */
const PAGE = 100;
const NEWS_EVERY = 4_000;

/** Runs in parts, the newest first. */
export function useRuns(search: RunsSearch, project: string) {
  return useInfiniteQuery({
    queryKey: ["runs", "list", search, project],
    queryFn: ({ pageParam }) => body(api.GET("/api/runs", { params: { query: { ...asked(search, project, Date.now()), limit: PAGE, ...(pageParam ? { after: pageParam } : {}) } } })),
    initialPageParam: "",
    getNextPageParam: (last) => last.next ?? undefined,
    placeholderData: keepPreviousData,
    // Only the part that is looked at first is asked for again by itself; see `useNews`.
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** The newest part of the list, again and again: what began since, and what has changed of it. */
export function useNews(search: RunsSearch, project: string, on: boolean) {
  return useQuery({
    queryKey: ["runs", "news", search, project],
    queryFn: () => body(api.GET("/api/runs", { params: { query: { ...asked(search, project, Date.now()), limit: PAGE } } })),
    refetchInterval: NEWS_EVERY,
    enabled: on,
    staleTime: 0,
  });
}

export const runQuery = (run: string) => queryOptions({ queryKey: ["run", run], queryFn: () => body(api.GET("/api/runs/{run}", { params: { path: { run } } })) });

export const stepsQuery = (run: string) =>
  queryOptions({ queryKey: ["run", run, "steps"], queryFn: async () => (await body(api.GET("/api/runs/{run}/steps", { params: { path: { run } } }))).items.map(titled) });

/** A step that a fork's change has begun has no title: it is called by where it is. */
const titled = <T extends { path: string; title: string }>(step: T): T => ({ ...step, title: step.title || (step.path.split("/").at(-1) ?? "") });

/** Where a run belongs: the list knows its project, and its flow's id is found by name there. */
export const placeQuery = (run: string, flow: string) =>
  queryOptions({
    queryKey: ["run", run, "place"],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async () => {
      const { items } = await body(api.GET("/api/runs", { params: { query: { text: run, limit: 1 } } }));
      const line = items.find((one) => one.run === run);
      if (!line) return null;
      const flows = await body(api.GET("/api/flows", { params: { query: { project: line.project, text: flow, limit: 200 } } }));
      const found = flows.items.find((one) => one.name === flow && one.service === line.service);
      return { project: line.project, service: line.service, flow: found?.id };
    },
  });

/** The text that a run runs under. */
export const textQuery = (run: string, seq: number) =>
  queryOptions({
    queryKey: ["run", run, "text", seq],
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
    queryFn: async () => (await body(api.GET("/api/runs/{run}/text", { params: { path: { run } } }))).files,
  });

/** A run as it was after a record. It never changes, so it is asked for once. */
export const replayQuery = (run: string, seq: number) =>
  queryOptions({
    queryKey: ["run", run, "replay", seq],
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
    queryFn: () => body(api.GET("/api/runs/{run}/replay", { params: { path: { run }, query: { to: seq } } })),
  });

/** A run and its steps, asked for again as its stream tells of something. */
export function useLiveRun(run: string) {
  const followed = useFollowed();
  const summary = useQuery(runQuery(run));
  const steps = useQuery({ ...stepsQuery(run), enabled: summary.isSuccess });
  useAskedAgain(run, followed);
  return { summary, steps };
}

/** Asks for a run and its steps whenever its stream has told of something, one request at a time, so that none is cut short by the next. */
export function useAskedAgain(run: string | undefined, { happened, state }: Followed): void {
  const queries = useQueryClient();
  const mark = `${happened.records.length} ${happened.attempts.length} ${happened.status ?? ""} ${state}`;
  const asking = useRef({ run, mark: "", busy: false, again: false });
  useEffect(() => {
    const now = asking.current;
    Object.assign(now, { run, mark, again: true });
    if (now.busy) return;
    const ask = async () => {
      now.busy = true;
      while (now.again) {
        now.again = false;
        if (now.run === undefined) break;
        await queries.invalidateQueries({ queryKey: runQuery(now.run).queryKey, exact: true });
        await queries.invalidateQueries({ queryKey: stepsQuery(now.run).queryKey, exact: true });
      }
      now.busy = false;
    };
    void ask();
  }, [mark, queries, run]);
}

export type Ask =
  | { do: "cancel"; reason: string }
  | { do: "pause" }
  | { do: "resume" }
  | { do: "signal"; name: string; payload: unknown }
  | { do: "approve"; name: string; approved: boolean; comment: string }
  | { do: "decide"; path: string; decision: "retry" | "fail" };

const SAID: Record<Ask["do"], string> = {
  cancel: "The run is being cancelled",
  pause: "The run is held: nothing new is started",
  resume: "The run goes on",
  signal: "The signal is sent",
  approve: "The answer is given",
  decide: "The decision is taken",
};

function ask(run: string, asked: Ask): Promise<Run> {
  const params = { path: { run } };
  switch (asked.do) {
    case "cancel":
      return body(api.POST("/api/runs/{run}/cancel", { params, body: { reason: asked.reason } }));
    case "pause":
      return body(api.POST("/api/runs/{run}/pause", { params }));
    case "resume":
      return body(api.POST("/api/runs/{run}/resume", { params }));
    case "signal":
      return body(api.POST("/api/runs/{run}/signal", { params, body: { name: asked.name, payload: asked.payload, id: crypto.randomUUID() } }));
    case "approve":
      return body(api.POST("/api/runs/{run}/approve", { params, body: { name: asked.name, approved: asked.approved, comment: asked.comment } }));
    case "decide":
      return body(api.POST("/api/runs/{run}/decide", { params, body: { path: asked.path, decision: asked.decision } }));
  }
}

/** Asks something of a run; what the server then says of it is shown at once. */
export function useAsk(run: string) {
  const queries = useQueryClient();
  const again = useFollowAgain();
  return useMutation({
    mutationFn: (asked: Ask) => ask(run, asked),
    onSuccess: (summary, asked) => {
      queries.setQueryData(runQuery(run).queryKey, summary);
      toast.done(SAID[asked.do]);
      again();
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["run", run] }),
  });
}

/** Whether a run can still be asked for something. */
export const isOpen = (run: { status: string }): boolean => !isOver(run.status);
