import { useMutation, useQueryClient } from "@tanstack/react-query";
import { toast } from "@/components/ui/toast";
import { api, body, type Schemas, seen } from "@/lib/api";
import { download } from "@/lib/download";
import { useParts } from "../common/parts";

export type Project = Schemas["ProjectView"];
export type Service = Schemas["ServiceView"];

export const useProjects = () => useParts<Project>(["projects", "parts"], (after) => body(api.GET("/api/projects", { params: { query: after } })));

export const useServices = (project: string) =>
  useParts<Service>(["services", project, "parts"], (after) => body(api.GET("/api/projects/{project}/services", { params: { path: { project }, query: after } })));

export const projectNow = (project: string) => body(api.GET("/api/projects/{project}", { params: { path: { project } } }));

export function useCreateProject() {
  const queries = useQueryClient();
  return useMutation({
    meta: { quiet: true },
    mutationFn: (project: { name: string; description: string }) => body(api.POST("/api/projects", { body: project })),
    onSuccess: ({ name }) => toast.done(`The project ${name} is made`),
    onSettled: () => queries.invalidateQueries({ queryKey: ["projects"] }),
  });
}

export function useChangeProject() {
  const queries = useQueryClient();
  return useMutation({
    meta: { quiet: true },
    mutationFn: ({ name, revision, description, settings }: Pick<Project, "name" | "revision" | "description" | "settings">) =>
      body(api.PATCH("/api/projects/{project}", { params: { path: { project: name }, header: seen(revision) }, body: { description, settings } })),
    onSuccess: ({ name }) => toast.done(`${name} is changed`),
    onSettled: () => queries.invalidateQueries({ queryKey: ["projects"] }),
  });
}

export function useDeleteProject() {
  const queries = useQueryClient();
  return useMutation({
    meta: { quiet: true },
    mutationFn: ({ name, revision }: Project) => api.DELETE("/api/projects/{project}", { params: { path: { project: name }, header: seen(revision) } }),
    onSuccess: (_none, { name }) => toast.done(`The project ${name} is deleted`),
    onSettled: () => queries.invalidateQueries({ queryKey: ["projects"] }),
  });
}

export function useCreateService(project: string) {
  const queries = useQueryClient();
  return useMutation({
    meta: { quiet: true },
    mutationFn: (name: string) => body(api.POST("/api/projects/{project}/services", { params: { path: { project } }, body: { name } })),
    onSettled: () => queries.invalidateQueries({ queryKey: ["services", project] }),
  });
}

/** An empty service is made again as easily as it is deleted. */
export function useDeleteService(project: string) {
  const queries = useQueryClient();
  const create = useCreateService(project);
  return useMutation({
    mutationFn: ({ name }: Service) => api.DELETE("/api/projects/{project}/services/{service}", { params: { path: { project, service: name } } }),
    onSuccess: (_none, { name }) => toast.done(`The service ${name} is deleted`, { label: "Undo", onClick: () => create.mutate(name, { onError: (error) => toast.failed(error) }) }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["services", project] }),
  });
}

export async function exportProject(project: string): Promise<void> {
  try {
    const bundle = await body(api.GET("/api/projects/{project}/export", { params: { path: { project } } }));
    download(`${project}.weir.json`, JSON.stringify(bundle, null, 2));
  } catch (error) {
    toast.failed(error);
  }
}
