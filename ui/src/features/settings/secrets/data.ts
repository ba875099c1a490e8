import { useMutation, useQueryClient } from "@tanstack/react-query";
import { toast } from "@/components/ui/toast";
import { api, body, type Schemas, seen } from "@/lib/api";
import { useParts } from "../common/parts";

export type Secret = Schemas["SecretView"];

export const useSecrets = (project: string) =>
  useParts<Secret>(["secrets", project], (after) => body(api.GET("/api/projects/{project}/secrets", { params: { path: { project }, query: after } })));

/** What is to be kept. With a revision, only if nobody has changed it since. */
export interface Kept {
  project: string;
  name: string;
  value: string;
  description: string;
  revision?: number;
}

export function useSetSecret() {
  const queries = useQueryClient();
  return useMutation({
    meta: { quiet: true },
    mutationFn: ({ project, name, value, description, revision }: Kept) =>
      body(
        api.PUT("/api/projects/{project}/secrets/{name}", {
          params: { path: { project, name }, ...(revision ? { header: seen(revision) } : {}) },
          body: { value, description },
        }),
      ),
    onSuccess: (kept, { revision }) => toast.done(revision ? `${kept.name} has a new value` : `${kept.name} is kept`),
    onSettled: () => queries.invalidateQueries({ queryKey: ["secrets"] }),
  });
}

/** The secret as it is now, or nothing where there is none of this name. */
export const secretNow = async (project: string, name: string): Promise<Secret | undefined> => {
  try {
    return await body(api.GET("/api/projects/{project}/secrets/{name}", { params: { path: { project, name } } }));
  } catch {
    return undefined;
  }
};

export function useDeleteSecret() {
  const queries = useQueryClient();
  return useMutation({
    meta: { quiet: true },
    mutationFn: ({ project, name, revision }: Secret) => api.DELETE("/api/projects/{project}/secrets/{name}", { params: { path: { project, name }, header: seen(revision) } }),
    onSuccess: (_none, { name }) => toast.done(`${name} is deleted`),
    onSettled: () => queries.invalidateQueries({ queryKey: ["secrets"] }),
  });
}
