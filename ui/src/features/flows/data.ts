import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { toast } from "@/components/ui/toast";
import { api, body, type Schemas, seen } from "@/lib/api";
import { download } from "@/lib/download";

export type FlowLine = Schemas["FlowLine"];

export type DeletedFlow = Schemas["DeletedFlowView"];

export const nameOf = (flow: { title: string; name: string }): string => flow.title || flow.name;

/** Flows in parts of fifty, the newest first. */
export function useFlows(project: string, text: string) {
  return useInfiniteQuery({
    queryKey: ["flows", { project, text }],
    queryFn: ({ pageParam }) => {
      const query = { ...(project ? { project } : {}), ...(text ? { text } : {}), ...(pageParam ? { after: pageParam } : {}) };
      return body(api.GET("/api/flows", { params: { query } }));
    },
    initialPageParam: "",
    getNextPageParam: (last) => last.next,
    placeholderData: (before) => before,
  });
}

export type Runtime = Schemas["RuntimeView"];

/** What can carry a flow's runs, where there is a choice; nothing where this server alone can. */
export function useRuntimes(): Runtime[] {
  const { data } = useQuery({ queryKey: ["runtimes"], queryFn: () => body(api.GET("/api/runtimes")), staleTime: Number.POSITIVE_INFINITY });
  return data !== undefined && data.items.length > 1 ? data.items : [];
}

/** As one reads it after "on". */
export const runtimeName = (runtime: string): string => (runtime.startsWith("temporal:") ? `Temporal, ${runtime.slice("temporal:".length)}` : "this server");

/** Switches a flow on, on what carried its runs before where nothing else is said. */
export const switchOn = (id: string, runtime?: string) =>
  body(api.POST("/api/flows/{id}/start", { params: { path: { id } }, ...(runtime === undefined ? {} : { body: { runtime } }) }));

export const switchOff = (id: string) => body(api.POST("/api/flows/{id}/stop", { params: { path: { id } } }));

/** Switches a flow on or off. */
export function useSwitchFlow() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ flow, on, runtime }: { flow: FlowLine; on: boolean; runtime?: string }) => (on ? switchOn(flow.id, runtime) : switchOff(flow.id)),
    onSuccess: (_status, { flow, on }) => toast.done(`${nameOf(flow)} is ${on ? "on" : "off"}`),
    onSettled: () => queries.invalidateQueries({ queryKey: ["flows"] }),
  });
}

export function useDeleteFlow() {
  const queries = useQueryClient();
  const restore = useRestoreFlow();
  return useMutation({
    mutationFn: (flow: FlowLine) => api.DELETE("/api/flows/{id}", { params: { path: { id: flow.id }, header: seen(flow.revision) } }),
    onSuccess: (_answer, flow) => toast.done(`${nameOf(flow)} is deleted`, { label: "Undo", onClick: () => restore.mutate(flow) }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["flows"] }),
  });
}

/** Brings a deleted flow back as it was, switched off. */
export function useRestoreFlow() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (flow: { id: string; title: string; name: string }) => body(api.POST("/api/deleted-flows/{id}/restore", { params: { path: { id: flow.id } } })),
    onSuccess: (flow) => toast.done(`${nameOf(flow)} is back, switched off`),
    onSettled: () => queries.invalidateQueries({ queryKey: ["flows"] }),
  });
}

/** A copy under a name of its own, as a draft. */
export function useCopyFlow() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (line: FlowLine) => {
      const flow = await body(api.GET("/api/flows/{id}", { params: { path: { id: line.id } } }));
      const { project, service, files, bindings, canvas, description } = flow;
      const name = `${flow.name.slice(0, 50)}-copy-${Date.now().toString(36)}`;
      return await body(api.POST("/api/flows", { body: { project, service, files, bindings, canvas, description, name, title: `${nameOf(flow)} (copy)` } }));
    },
    onSuccess: (flow) => toast.done(`${nameOf(flow)} is made`),
    onSettled: () => queries.invalidateQueries({ queryKey: ["flows"] }),
  });
}

export async function exportFlow(flow: FlowLine): Promise<void> {
  try {
    const bundle = await body(api.GET("/api/flows/{id}/export", { params: { path: { id: flow.id } } }));
    download(`${flow.name}.weir.json`, JSON.stringify(bundle, null, 2));
  } catch (error) {
    toast.failed(error);
  }
}
