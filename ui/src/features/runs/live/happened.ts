import type { SentEvent } from "./sse";

/** A record of the journal. */
export interface JournalRecord {
  seq: number;
  at: string;
  type: string;
  path: string;
  payload: unknown;
}

export interface LogLine {
  at: string;
  path: string;
  level: string;
  message: string;
  attempt: number;
  metadata?: unknown;
}

/** An attempt that failed. */
export interface Attempt {
  at: string;
  path: string;
  attempt: number;
  code: string;
  message: string;
  /** When it is tried again, in milliseconds since 1970. */
  next?: number;
}

/** What is known of a run from its stream of events. */
export interface Happened {
  records: JournalRecord[];
  logs: LogLine[];
  attempts: Attempt[];
  /** Parts of results that are still coming, by path. */
  parts: Record<string, string>;
  status?: string;
}

export const NOTHING: Happened = { records: [], logs: [], attempts: [], parts: {} };

const FINAL = new Set(["succeeded", "failed", "cancelled", "timed_out"]);
export const isOver = (status: string | undefined): boolean => status !== undefined && FINAL.has(status);

interface Told {
  seq?: number;
  at: string;
  type?: string;
  path: string;
  attempt: number;
  status?: string;
  payload?: Record<string, unknown>;
}

/** Adds a batch of events. A record that is known comes to nothing, so a stream may begin again anywhere. */
export function add(before: Happened, events: SentEvent[]): Happened {
  const now: Happened = { ...before, records: [...before.records], logs: [...before.logs], attempts: [...before.attempts], parts: { ...before.parts } };
  for (const { event, data } of events) {
    if (event === "problem") continue;
    one(now, event, JSON.parse(data) as Told);
  }
  return now;
}

function one(now: Happened, event: string, told: Told): void {
  if (event === "record") record(now, told);
  if (event === "log") now.logs.push(logOf(told));
  if (event === "attempt") now.attempts.push(attemptOf(told));
  if (event === "stream") now.parts[told.path] = (now.parts[told.path] ?? "") + partOf(told.payload);
  if (event === "state" && told.status) now.status = told.status;
}

function record(now: Happened, told: Told): void {
  const seq = told.seq ?? 0;
  const newest = now.records.at(-1)?.seq ?? 0;
  if (seq <= newest) return;
  now.records.push({ seq, at: told.at, type: told.type ?? "", path: told.path, payload: told.payload });
}

function logOf({ at, path, attempt, payload = {} }: Told): LogLine {
  const { level, message, metadata } = payload as { level?: string; message?: string; metadata?: unknown };
  return { at, path, attempt, level: level ?? "info", message: message ?? "", ...(metadata === null || metadata === undefined ? {} : { metadata }) };
}

function attemptOf({ at, path, attempt, payload = {} }: Told): Attempt {
  const { error, nextAt } = payload as { error?: { code?: string; message?: string }; nextAt?: number | null };
  return { at, path, attempt, code: error?.code ?? "", message: error?.message ?? "", ...(nextAt === null || nextAt === undefined ? {} : { next: nextAt / 1_000 }) };
}

function partOf(payload: Record<string, unknown> | undefined): string {
  const data = payload?.data;
  if (typeof data === "string") return data;
  const text = typeof data === "object" && data !== null ? (data as { text?: unknown }).text : undefined;
  return typeof text === "string" ? text : "";
}
