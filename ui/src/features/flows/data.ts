import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { toast } from "@/components/ui/toast";
import { api, body, type Schemas, seen } from "@/lib/api";
import { download } from "@/lib/download";

export type FlowLine = Schemas["FlowLine"];

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

/** Switches a flow on or off. */
export function useSwitchFlow() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ flow, on }: { flow: FlowLine; on: boolean }) => {
      const path = { id: flow.id };
      return on ? body(api.POST("/api/flows/{id}/start", { params: { path } })) : body(api.POST("/api/flows/{id}/stop", { params: { path } }));
    },
    onSuccess: (_status, { flow, on }) => toast.done(`${nameOf(flow)} is ${on ? "on" : "off"}`),
    onSettled: () => queries.invalidateQueries({ queryKey: ["flows"] }),
  });
}

export function useDeleteFlow() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (flow: FlowLine) => api.DELETE("/api/flows/{id}", { params: { path: { id: flow.id }, header: seen(flow.revision) } }),
    onSuccess: (_answer, flow) => toast.done(`${nameOf(flow)} is deleted`),
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
