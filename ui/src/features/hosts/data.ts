import { useQueries, useQuery } from "@tanstack/react-query";
import { useProject } from "@/features/session/place";
import { projectsQuery } from "@/features/shell/places";
import { api, body } from "@/lib/api";
import type { components } from "@/api/schema";

export type Host = components["schemas"]["ProjectHostView"];
export type Hosted = components["schemas"]["HostedView"];

/** A host, and the project whose flows it runs. */
export interface HostOf {
  project: string;
  host: Host;
}

const EVERY = 10_000;

/** Hosts of the chosen project, or of all of them. A host tells of itself, so they are asked for again and again. */
export function useHosts() {
  const [chosen] = useProject();
  const all = useQuery({ ...projectsQuery, enabled: chosen === "" });
  const projects = chosen === "" ? (all.data?.items.map(({ name }) => name) ?? []) : [chosen];
  const asked = useQueries({
    queries: projects.map((project) => ({
      queryKey: ["hosts", project],
      queryFn: () => body(api.GET("/api/projects/{project}/hosts", { params: { path: { project }, query: { limit: 200 } } })),
      refetchInterval: EVERY,
    })),
  });
  const hosts: HostOf[] = projects.flatMap((project, index) => (asked[index]?.data?.items ?? []).map((host) => ({ project, host })));
  const failed = [all, ...asked].find(({ error, data }) => error && data === undefined);
  return {
    hosts,
    error: failed?.error ?? null,
    isPending: (chosen === "" && all.isPending) || asked.some(({ isPending }) => isPending),
    more: asked.some(({ data }) => data?.next),
    refetch: () => [all, ...asked].forEach((one) => void one.refetch()),
  };
}
