import { api, body, type Schemas } from "@/lib/api";
import { useParts } from "../common/parts";

export type Entry = Schemas["AuditView"];

export const SPANS = {
  day: { label: "Day", millis: 86_400_000 },
  week: { label: "Week", millis: 604_800_000 },
  month: { label: "Month", millis: 2_592_000_000 },
  all: { label: "All", millis: 0 },
} as const;

export type Span = keyof typeof SPANS;

export interface Filter {
  text?: string;
  action?: string;
  target?: string;
  span?: Span;
}

export function useAudit({ text, action, target, span = "all" }: Filter) {
  const { millis } = SPANS[span];
  return useParts<Entry>(["audit", text, action, target, span], (after) => {
    const query = {
      limit: 100,
      ...after,
      ...(text ? { text } : {}),
      ...(action ? { action } : {}),
      ...(target ? { target } : {}),
      ...(millis ? { since: new Date(Date.now() - millis).toISOString() } : {}),
    };
    return body(api.GET("/api/audit", { params: { query } }));
  });
}

const WHAT = ["flow", "version", "deployment", "trigger", "interface", "variable", "secret", "project", "service", "key", "member", "invitation"];
const HOW = ["created", "changed", "deleted"];

/** What can have happened, to be filtered by. What is not here is found by its text. */
export const ACTIONS: string[] = [...WHAT.flatMap((what) => HOW.map((how) => `${what}.${how}`)), "interface.read", "interface.written", "run.forked", "run.fixed"].sort();
