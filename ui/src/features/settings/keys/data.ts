import { useMutation, useQueryClient } from "@tanstack/react-query";
import { toast } from "@/components/ui/toast";
import { api, body, type Schemas } from "@/lib/api";
import { useParts } from "../common/parts";

export type Key = Schemas["KeyView"];

export const useKeys = () => useParts<Key>(["keys"], (after) => body(api.GET("/api/keys", { params: { query: after } })));

export function useCreateKey() {
  const queries = useQueryClient();
  return useMutation({
    meta: { quiet: true },
    mutationFn: (key: Schemas["NewKeyBody"]) => body(api.POST("/api/keys", { body: key })),
    onSettled: () => queries.invalidateQueries({ queryKey: ["keys"] }),
  });
}

export function useRevokeKey() {
  const queries = useQueryClient();
  return useMutation({
    meta: { quiet: true },
    mutationFn: (key: Key) => api.DELETE("/api/keys/{id}", { params: { path: { id: key.id } } }),
    onSuccess: (_none, { name }) => toast.done(`The key ${name} is revoked`),
    onSettled: () => queries.invalidateQueries({ queryKey: ["keys"] }),
  });
}
