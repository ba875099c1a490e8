import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { toast } from "@/components/ui/toast";
import { api, body, type Schemas, seen } from "@/lib/api";
import { Failure } from "@/lib/failure";

export type Variable = Schemas["VariableView"];

/** Whose variables: a project's, or those of one of its services where it is named. */
export interface Holder {
  project: string;
  service: string;
}

const query = ({ service }: Holder) => (service ? { service } : {});

export const variablesQuery = (holder: Holder) =>
  queryOptions({
    queryKey: ["variables", holder.project, holder.service],
    queryFn: () => body(api.GET("/api/projects/{project}/variables", { params: { path: { project: holder.project }, query: query(holder) } })),
    refetchInterval: 15_000,
  });

export async function variableNow(holder: Holder, name: string): Promise<Variable | undefined> {
  try {
    return await body(api.GET("/api/projects/{project}/variables/{name}", { params: { path: { project: holder.project, name }, query: query(holder) } }));
  } catch (error) {
    if (Failure.of(error).kind === "not-found") return undefined;
    throw error;
  }
}

export function useSetVariable(holder: Holder) {
  const queries = useQueryClient();
  return useMutation({
    meta: { quiet: true },
    mutationFn: ({ name, value, revision }: { name: string; value: unknown; revision?: number | undefined }) =>
      body(
        api.PUT("/api/projects/{project}/variables/{name}", {
          params: { path: { project: holder.project, name }, query: query(holder), header: revision === undefined ? {} : seen(revision) },
          body: { value },
        }),
      ),
    onSuccess: (kept) => toast.done(`${kept.name} is set`),
    onSettled: () => queries.invalidateQueries({ queryKey: ["variables"] }),
  });
}

/** Deletes a variable, and offers to bring it back. */
export function useDeleteVariable(holder: Holder) {
  const queries = useQueryClient();
  const restore = useSetVariable(holder);
  return useMutation({
    mutationFn: ({ name, revision }: Variable) => api.DELETE("/api/projects/{project}/variables/{name}", { params: { path: { project: holder.project, name }, query: query(holder), header: seen(revision) } }),
    onSuccess: (_none, { name, value }) =>
      toast.done(`${name} is deleted`, { label: "Undo", onClick: () => restore.mutate({ name, value }, { onError: (error) => toast.failed(error, `${name} could not be brought back`) }) }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["variables"] }),
  });
}
