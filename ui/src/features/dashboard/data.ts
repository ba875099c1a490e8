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

/** Figures of a flow, else of a project, else of all. They move on, so they are asked for again while looked at. */
export function analyticsQuery({ range, project, flow }: { range: Range; project: string; flow: string }) {
  const { seconds, bucket } = RANGES[range];
  return queryOptions({
    queryKey: ["analytics", range, project, flow],
    queryFn: () => {
      const until = new Date();
      const query = { since: new Date(until.getTime() - seconds * 1_000).toISOString(), until: until.toISOString(), bucket };
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
