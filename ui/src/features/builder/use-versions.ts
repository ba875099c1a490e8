import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { api, body } from "@/lib/api";
import type { VersionSearch } from "./compared";

export const versionsKey = (id: string) => ["versions", id];

export function useVersions(id: string) {
  return useQuery({ queryKey: versionsKey(id), queryFn: () => body(api.GET("/api/flows/{id}/versions", { params: { path: { id }, query: { limit: 100 } } })) });
}

/** Which version is compared with which, as the address says, and how another is looked at. */
export function useCompared(): [VersionSearch, (search: VersionSearch) => void] {
  const search = useSearch({ from: "/_app/flows/$flow/" });
  const navigate = useNavigate({ from: "/flows/$flow/" });
  return [search, (next) => void navigate({ to: ".", search: next, replace: true })];
}
