// Whose turn it is: of steps that begin together the first goes on until it waits for something outside, then the
// second begins. So what they write is in the same order on every machine and at every replay.
import { CancellationScope, CancelledFailure, condition, isCancellation } from '@temporalio/workflow';
import type { Run } from './run';

/** Starts all works, one after the other in turn; each promise is that of its work. */
export function abreast<T>(works: (() => Promise<T>)[]): Promise<T>[] {
  const begun = works.map((work) => turn(work));
  // The last asked is the first to have its turn.
  for (const { ask } of begun.toReversed()) ask();
  return begun.map(({ done }) => done);
}

/** Starts one work as soon as nothing that has begun can go on. */
export function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const { ask, done } = turn(work);
  ask();
  return done;
}

function turn<T>(work: () => Promise<T>): { ask: () => void; done: Promise<T> } {
  let begin: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  return { ask: () => queue(begin), done: begun.then(work) };
}

// A workflow has modules of its own, so these belong to one run.
const asked: (() => void)[] = [];
const resting: (() => void)[] = [];
const arrived: (() => void)[] = [];
let dealing = false;
let stopped = false;
let still: () => void = () => undefined;

function queue(begin: () => void): void {
  asked.push(begin);
  awake();
}

/** Does this once nothing that has begun can go on, and nothing is about to begin. */
export function atRest(work: () => void): void {
  resting.push(work);
  awake();
}

/** Nothing begins or goes on any more. */
export function stop(): void {
  stopped = true;
}

/** Does this whenever nothing goes on any more until something comes from outside. */
export function whenStill(look: () => void): void {
  still = look;
  awake();
}

/**
 * Waits for something from outside: time, a task, a signal. Of what comes together the first is worked off before
 * the second is looked at. Where the run is not `busy` with it, a fresh history can wait for it as well. What comes after the step was ended is not looked at at all.
 */
export async function outside<T>(run: Run, wait: () => Promise<T>, busy = true): Promise<T> {
  run.open += 1;
  run.busy += busy ? 1 : 0;
  try {
    const found = await wait();
    await arrival(run);
    return found;
  } catch (thrown) {
    if (!isCancellation(thrown)) await arrival(run);
    throw thrown;
  } finally {
    run.open -= 1;
    run.busy -= busy ? 1 : 0;
  }
}

async function arrival(run: Run): Promise<void> {
  await new Promise<void>((resolve) => {
    arrived.push(resolve);
    awake();
  });
  run.awoken();
  if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('it came too late');
}

function awake(): void {
  if (dealing) return;
  dealing = true;
  void CancellationScope.nonCancellable(deal);
}

async function deal(): Promise<void> {
  let next: (() => void) | undefined;
  do {
    await quiet();
    if (stopped) return;
    next = asked.pop() ?? resting.shift() ?? arrived.shift();
    next?.();
  } while (next !== undefined);
  dealing = false;
  still();
}

/** Comes back when all that could go on has: conditions are looked at when no promise is left to follow. */
async function quiet(): Promise<void> {
  await Promise.resolve();
  let looked = false;
  await condition(() => {
    const before = looked;
    looked = true;
    return before;
  });
}
