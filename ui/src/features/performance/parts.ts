import { duration } from "@/lib/time";
import type { Analytics } from "@/features/dashboard/data";

export type Part = Analytics["series"][number];

const clocks = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });
const seconds = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** When a part begins, as finely as parts of so many seconds need. */
export const beginOf = ({ at }: Part, bucket: number): string => (bucket < 60 ? seconds : clocks).format(new Date(at));

/** What is in a part, in a sentence. */
export function wordsOf(part: Part, bucket: number): string {
  const runs = `${part.runs} ${part.runs === 1 ? "run" : "runs"}`;
  const times = part.runs > 0 ? `, ${part.failed} failed, p50 ${duration(part.p50Duration)}, p95 ${duration(part.p95Duration)}, p99 ${duration(part.p99Duration)}` : "";
  return `${duration(bucket * 1_000)} from ${beginOf(part, bucket)}: ${runs}${times}`;
}

/** The whole time that is looked at. */
export function spanWords({ since, until, bucket }: Analytics): string {
  const form = bucket < 60 ? new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" }) : clocks;
  return `${form.format(new Date(since))} to ${form.format(new Date(until))}, in parts of ${duration(bucket * 1_000)}`;
}
