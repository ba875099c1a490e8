import { useQueries, useQuery } from "@tanstack/react-query";
import { useProject } from "@/features/session/place";
import { projectsQuery } from "@/features/shell/places";
import { api, body } from "@/lib/api";
import type { components } from "@/api/schema";
import { inTurn } from "@/lib/in-turn";
import { gathered, pauseFor } from "./gathered";

export type Host = components["schemas"]["ProjectHostView"];
export type Hosted = components["schemas"]["HostedView"];

/** However many projects there are, the server is asked about so many at a time. */
const turn = inTurn(4);

/** Hosts of the chosen project, or of all of them. A host tells of itself, so they are asked for again and again. */
export function useHosts() {
  const [chosen] = useProject();
  const all = useQuery({ ...projectsQuery, enabled: chosen === "" });
  const projects = chosen === "" ? (all.data?.items.map(({ name }) => name) ?? []) : [chosen];
  const asked = useProjects(projects);
  const found = gathered(projects, asked);
  const none = found.unread.length > 0 && found.unread.length === projects.length;
  const failed = [all, ...asked].filter(({ error, data }) => error && data === undefined);
  return {
    ...found,
    /** Where nothing is known of any. */
    error: all.data === undefined && all.error ? all.error : none ? found.unread[0]?.error : undefined,
    isPending: (chosen === "" && all.isPending) || (found.hosts.length === 0 && asked.some(({ isPending }) => isPending)),
    /** Whether there are more projects than are asked about. */
    cut: chosen === "" && Boolean(all.data?.next),
    retry: () => failed.forEach((one) => void one.refetch()),
  };
}

function useProjects(projects: readonly string[]) {
  const pause = pauseFor(projects.length);
  return useQueries({
    queries: projects.map((project) => ({
      queryKey: ["hosts", project],
      queryFn: () => turn(() => body(api.GET("/api/projects/{project}/hosts", { params: { path: { project }, query: { limit: 200 } } }))),
      refetchInterval: pause,
      // Whoever comes back to the page asks no sooner either.
      staleTime: pause / 2,
    })),
  });
}
