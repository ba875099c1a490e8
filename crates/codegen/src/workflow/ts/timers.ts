// Time. A cluster may fire several timers at once, late, and in any order; here they fire in the order in which they
// are due, and those that fire soon after that fire on time.
import { CancellationScope, sleep } from '@temporalio/workflow';

/** A timer of a cluster that is late by no more than this, in milliseconds, is not late. */
const GRAIN = 2_000;

/** That time has come: when it was due, and which timer it was, counted as they were set. */
export class Fired {
  constructor(
    readonly due: number,
    readonly set: number,
  ) {}
}

type Armed = { due: number; set: number; hurried: boolean; hurry: () => void };

/** Which fires first: what is due first, else what was set first. */
export function sooner(one: { due: number; set: number }, other: { due: number; set: number }): number {
  return one.due === other.due ? one.set - other.set : one.due - other.due;
}

// A workflow has modules of its own, so these belong to one run.
const armed = new Set<Armed>();
let sets = 0;
let time: number | undefined;

/** The time of what is being worked off, in milliseconds since 1970. */
export function now(): number {
  return time ?? Date.now();
}

/** Something comes from outside: a timer that was due then, or anything else. */
export function happens(due?: number): void {
  const clock = Date.now();
  const at = due !== undefined && clock - due <= GRAIN ? due : clock;
  time = Math.max(time ?? 0, at);
}

/** Waits until then, in milliseconds since 1970. */
export async function fired(due: number): Promise<Fired> {
  const own = new CancellationScope();
  sets += 1;
  const one: Armed = { due, set: sets, hurried: false, hurry: () => own.cancel() };
  armed.add(one);
  try {
    await own.run(() => sleep(Math.max(due - Date.now(), 1)));
  } catch (thrown) {
    if (!one.hurried) throw thrown;
  } finally {
    armed.delete(one);
  }
  return new Fired(due, one.set);
}

/** How the timer fires that comes first, where that is before this one. */
export function hurried(than: Fired): (() => void) | undefined {
  const [first] = [...armed].toSorted(sooner);
  if (first === undefined || sooner(first, than) >= 0) return undefined;
  return () => {
    first.hurried = true;
    first.hurry();
  };
}
