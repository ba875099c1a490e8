import type { Attempt } from "../live/happened";
import { type Placed, type Step, tree } from "../steps/tree";
import type { Span } from "./scale";

/** A step on the time line. */
export interface Bar extends Placed {
  span?: Span;
  /** When attempts failed, in milliseconds. */
  failed: number[];
}

const time = (text: string) => new Date(text).getTime();

export function bars(steps: Step[], attempts: Attempt[], now: number): Bar[] {
  const failed = new Map<string, number[]>();
  for (const one of attempts) failed.set(one.path, [...(failed.get(one.path) ?? []), time(one.at)]);
  return tree(steps).map((placed) => {
    const { startedAt, endedAt, path } = placed.step;
    const span = startedAt ? { from: time(startedAt), to: endedAt ? time(endedAt) : now } : undefined;
    return { ...placed, ...(span ? { span } : {}), failed: failed.get(path) ?? [] };
  });
}

/** When the run was busy: steps at work, not those that only hold others or wait. */
export function busy(all: Bar[]): Span[] {
  return all.flatMap(({ step, span }) => (span && !step.region && !isWait(step) ? [span] : []));
}

/** Kinds that do nothing but wait. */
export const isWait = (step: Step): boolean => step.status === "waiting" || step.kind === "wait" || step.kind === "delay" || step.kind === "timer";
