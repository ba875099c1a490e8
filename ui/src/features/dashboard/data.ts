import { queryOptions } from "@tanstack/react-query";
import { api, body, type Schemas } from "@/lib/api";

export type Analytics = Schemas["AnalyticsBody"];

export const RANGES = {
  hour: { label: "Hour", seconds: 3_600, bucket: 60 },
  day: { label: "Day", seconds: 86_400, bucket: 1_800 },
  week: { label: "Week", seconds: 604_800, bucket: 10_800 },
  month: { label: "Month", seconds: 2_592_000, bucket: 43_200 },
} as const;

export type Range = keyof typeof RANGES;

/** A part of the time that is looked at more closely; RFC 3339. */
export interface Zoom {
  since: string;
  until: string;
}

/** No part is shorter than a second, so less than this shows nothing more. */
const SHORTEST = 10_000;
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400];
const MOST_PARTS = 60;

/** What an address says of it, where that is a time. */
export function zoomOf(since: unknown, until: unknown): Zoom | undefined {
  const [from, to] = [since, until].map((time) => (typeof time === "string" ? Date.parse(time) : Number.NaN));
  if (from === undefined || to === undefined || !(to - from > 0)) return undefined;
  // What is too short is widened around its middle.
  const wider = Math.max(0, SHORTEST - (to - from)) / 2;
  return { since: new Date(from - wider).toISOString(), until: new Date(to + wider).toISOString() };
}

/** Seconds that a part is long, so that there are at most so many. */
export function bucketOf({ since, until }: Zoom): number {
  const least = (Date.parse(until) - Date.parse(since)) / 1_000 / MOST_PARTS;
  return STEPS.find((step) => step >= least) ?? Math.ceil(least);
}

function spanOf(range: Range, zoom: Zoom | undefined): Zoom & { bucket: number } {
  if (zoom) return { ...zoom, bucket: bucketOf(zoom) };
  const { seconds, bucket } = RANGES[range];
  const until = new Date();
  return { since: new Date(until.getTime() - seconds * 1_000).toISOString(), until: until.toISOString(), bucket };
}

/** Figures of a flow, else of a project, else of all. They move on, so they are asked for again while looked at. */
export function analyticsQuery({ range, zoom, project, flow }: { range: Range; zoom?: Zoom | undefined; project: string; flow: string }) {
  return queryOptions({
    queryKey: ["analytics", range, zoom, project, flow],
    queryFn: () => {
      const query = spanOf(range, zoom);
      if (flow) return body(api.GET("/api/flows/{id}/analytics", { params: { path: { id: flow }, query } }));
      if (project) return body(api.GET("/api/projects/{project}/analytics", { params: { path: { project }, query } }));
      return body(api.GET("/api/analytics", { params: { query } }));
    },
    refetchInterval: 15_000,
    placeholderData: (before) => before,
  });
}

export const flowsQuery = (project: string) =>
  queryOptions({
    queryKey: ["flows", "all", project],
    queryFn: () => body(api.GET("/api/flows", { params: { query: { limit: 200, ...(project ? { project } : {}) } } })),
    refetchInterval: 15_000,
  });
