import { useMutation, useQueryClient } from "@tanstack/react-query";
import { toast } from "@/components/ui/toast";
import { api, body, type Schemas, seen } from "@/lib/api";
import { useParts } from "../common/parts";

export type Interface = Schemas["InterfaceView"];

/** Of a key of an interface, all that is ever shown again. */
export interface InterfaceKey {
  id: string;
  name: string;
  createdAt: string;
  expiresAt?: string;
}

export const pathOf = ({ project, name }: Pick<Interface, "project" | "name">) => ({ project, interface: name });

/** Its keys, or nothing where it is not opened by keys. */
export function keysOf(one: Interface): InterfaceKey[] | undefined {
  const { auth } = one.settings as { auth?: { type: string; keys?: InterfaceKey[] } };
  return auth?.type === "key" ? (auth.keys ?? []) : undefined;
}

export const useInterfaces = (project: string) =>
  useParts<Interface>(["interfaces", project], (after) => body(api.GET("/api/projects/{project}/interfaces", { params: { path: { project }, query: after } })));

export const interfaceNow = (one: Pick<Interface, "project" | "name">) => body(api.GET("/api/projects/{project}/interfaces/{interface}", { params: { path: pathOf(one) } }));

export function useCreateInterface(project: string) {
  const queries = useQueryClient();
  return useMutation({
    meta: { quiet: true },
    mutationFn: (made: Schemas["NewInterfaceBody"]) => body(api.POST("/api/projects/{project}/interfaces", { params: { path: { project } }, body: made })),
    onSuccess: ({ name }) => toast.done(`${name} is open`),
    onSettled: () => queries.invalidateQueries({ queryKey: ["interfaces"] }),
  });
}

export function useChangeInterface() {
  const queries = useQueryClient();
  return useMutation({
    meta: { quiet: true },
    mutationFn: ({ one, patch }: { one: Interface; patch: Schemas["InterfacePatchBody"] }) =>
      body(api.PATCH("/api/projects/{project}/interfaces/{interface}", { params: { path: pathOf(one), header: seen(one.revision) }, body: patch })),
    onSettled: () => queries.invalidateQueries({ queryKey: ["interfaces"] }),
  });
}

export function useDeleteInterface() {
  const queries = useQueryClient();
  return useMutation({
    meta: { quiet: true },
    mutationFn: (one: Interface) => api.DELETE("/api/projects/{project}/interfaces/{interface}", { params: { path: pathOf(one), header: seen(one.revision) } }),
    onSuccess: (_none, { name }) => toast.done(`${name} is closed for good`),
    onSettled: () => queries.invalidateQueries({ queryKey: ["interfaces"] }),
  });
}

export function useCreateInterfaceKey(one: Interface) {
  const queries = useQueryClient();
  return useMutation({
    meta: { quiet: true },
    mutationFn: (key: Schemas["NewKeyBody2"]) => body(api.POST("/api/projects/{project}/interfaces/{interface}/keys", { params: { path: pathOf(one) }, body: key })),
    onSettled: () => queries.invalidateQueries({ queryKey: ["interfaces"] }),
  });
}

export function useRevokeInterfaceKey(one: Interface) {
  const queries = useQueryClient();
  return useMutation({
    meta: { quiet: true },
    mutationFn: (key: InterfaceKey) => api.DELETE("/api/projects/{project}/interfaces/{interface}/keys/{id}", { params: { path: { ...pathOf(one), id: key.id } } }),
    onSuccess: (_none, { name }) => toast.done(`The key ${name} is revoked`),
    onSettled: () => queries.invalidateQueries({ queryKey: ["interfaces"] }),
  });
}
