import { useQuery } from "@tanstack/react-query";
import { api, body } from "@/lib/api";
import type { Entry } from "./data";

/** What people call something, and whether it is there no more. */
export interface Name {
  text: string;
  gone: boolean;
}

export type Names = ReadonlyMap<string, string>;

/** Flows, people and keys by their ids, for entries that say no more than an id. Nothing is asked without entries. */
export function useNames(enabled: boolean): Names | undefined {
  return useQuery({ queryKey: ["audit-names"], queryFn: named, enabled, staleTime: 60_000 }).data;
}

/** What may not be read, or cannot be now, stays an id. */
async function named(): Promise<Names> {
  const limit = { params: { query: { limit: 200 } } };
  const [flows, members, keys] = await Promise.allSettled([body(api.GET("/api/flows", limit)), body(api.GET("/api/members", limit)), body(api.GET("/api/keys", limit))]);
  const names = new Map<string, string>();
  if (flows.status === "fulfilled") for (const { id, title, name } of flows.value.items) names.set(id, title || name);
  if (members.status === "fulfilled") for (const { user, email } of members.value.items) names.set(user, email);
  if (keys.status === "fulfilled") for (const { id, name } of keys.value.items) names.set(id, name);
  return names;
}

/** What each entry is about, by the id of what was changed. The entries are the newest first. */
export function namesOf(entries: readonly Entry[], known: Names | undefined): Map<string, Name> {
  const found = new Map<string, Name>();
  const ended = new Map<string, boolean>();
  for (const { action, target } of entries) if (/\.(created|deleted|restored)$/.test(action) && !ended.has(target)) ended.set(target, action.endsWith(".deleted"));
  for (const entry of entries) {
    const { target } = entry;
    const now = known?.get(target);
    const before = found.get(target)?.text;
    const text = now ?? (before === undefined || before === target ? (ownName(entry, known) ?? target) : before);
    found.set(target, { text, gone: now === undefined && (ended.get(target) ?? false) });
  }
  return found;
}

/** The name that stands in what was written down. */
function ownName({ before, after }: Entry, known: Names | undefined): string | undefined {
  for (const value of [after, before]) {
    if (typeof value !== "object" || value === null) continue;
    const { title, name, email, flow, number } = value as Record<string, unknown>;
    const text = [title, name, email].find((one) => typeof one === "string" && one !== "");
    if (typeof text === "string") return text;
    // Versions have a number instead.
    const of = typeof flow === "string" ? known?.get(flow) : undefined;
    if (of !== undefined && typeof number === "number") return `${of}, version ${number}`;
  }
  return undefined;
}
