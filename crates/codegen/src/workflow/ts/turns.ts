// Whose turn it is: of steps that begin together the first goes on until it waits for something outside, then the
// second begins. So what they write is in the same order on every machine and at every replay.
import { CancellationScope, CancelledFailure, condition, isCancellation } from '@temporalio/workflow';
import type { At } from './run';
import { Fired, fired, happens, hurried, sooner } from './timers';

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

/** Something for which a step at this place has waited. */
type Arrival = { place: number[]; scope: CancellationScope; fired: Fired | undefined; go: () => void };

// A workflow has modules of its own, so these belong to one run.
const asked: (() => void)[] = [];
const resting: (() => void)[] = [];
/** What has come, in order. */
const arrived: Arrival[] = [];
/** What waits in steps that are being ended, and was ended itself. */
const ending: Arrival[] = [];
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
export async function outside<T>(at: At, wait: () => Promise<T>, busy = true): Promise<T> {
  const { run } = at;
  run.open += 1;
  run.busy += busy ? 1 : 0;
  try {
    const found = await wait();
    await arrival(at, found instanceof Fired ? found : undefined);
    return found;
  } catch (thrown) {
    if (isCancellation(thrown)) await lastTurn(at);
    else await arrival(at);
    throw thrown;
  } finally {
    run.open -= 1;
    run.busy -= busy ? 1 : 0;
  }
}

/** Waits until then, in milliseconds since 1970. */
export async function untilThen(at: At, due: number, busy = true): Promise<void> {
  await outside(at, () => fired(due), busy);
}

async function arrival(at: At, timer?: Fired): Promise<void> {
  await listed(arrived, at, timer);
  if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('it came too late');
  happens(timer?.due);
  at.run.awoken();
}

/** Waits until it is this step's turn to end: those that are ended together do so as they stand in the flow. */
export function lastTurn(at: At): Promise<void> {
  return listed(ending, at);
}

function listed(list: Arrival[], { place }: At, timer?: Fired): Promise<void> {
  return new Promise((go) => {
    list.push({ place, scope: CancellationScope.current(), fired: timer, go });
    awake();
  });
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
    next = asked.pop() ?? nextToEnd()?.go ?? resting.shift() ?? nextToCome();
    next?.();
  } while (next !== undefined);
  dealing = false;
  still();
}

/** What has come to a step that was ended since ends it too. */
function nextToEnd(): Arrival | undefined {
  const late = arrived.filter(({ scope }) => scope.consideredCancelled);
  return taken([...ending, ...late].toSorted((one, other) => before(one.place, other.place))[0]);
}

function before(one: number[], other: number[]): number {
  const differs = one.findIndex((number, depth) => number !== other[depth]);
  return differs < 0 ? one.length - other.length : (one[differs] ?? 0) - (other[differs] ?? 0);
}

/** The first that came; where that is time, what was due first, which may not have been told yet. */
function nextToCome(): (() => void) | undefined {
  const [first] = arrived;
  if (first?.fired === undefined) return taken(first)?.go;
  const [soonest = first.fired] = arrived.flatMap(({ fired: timer }) => timer ?? []).toSorted(sooner);
  return hurried(soonest) ?? taken(arrived.find(({ fired: timer }) => timer === soonest))?.go;
}

function taken(arrival: Arrival | undefined): Arrival | undefined {
  if (arrival === undefined) return undefined;
  for (const list of [arrived, ending]) {
    const place = list.indexOf(arrival);
    if (place >= 0) list.splice(place, 1);
  }
  return arrival;
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
