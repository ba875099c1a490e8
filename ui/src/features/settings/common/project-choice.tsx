import { useQuery } from "@tanstack/react-query";
import { Select } from "@/components/ui/select";
import { useProject } from "@/features/session/place";
import { projectsQuery } from "@/features/shell/places";
import { api, body } from "@/lib/api";

/** The project a page is about: what its address says, else the one that is looked at everywhere, else the first. */
export function useOneProject(asked: string | undefined): string {
  const [looked] = useProject();
  const { data } = useQuery(projectsQuery);
  const names = data?.items.map(({ name }) => name) ?? [];
  return asked ?? (looked || (names.includes("default") ? "default" : (names.toSorted()[0] ?? "default")));
}

export function ProjectChoice({ project, onChange }: { project: string; onChange: (project: string) => void }) {
  const { data } = useQuery(projectsQuery);
  const names = new Set([project, ...(data?.items.map(({ name }) => name) ?? [])]);
  const options = [...names].toSorted().map((name) => ({ value: name, label: name }));
  return <Select label="Project of this page" value={project} onChange={onChange} options={options} className="max-w-60 min-w-36" />;
}

export const servicesQuery = (project: string) => ({
  queryKey: ["services", project],
  queryFn: () => body(api.GET("/api/projects/{project}/services", { params: { path: { project }, query: { limit: 200 } } })),
});
