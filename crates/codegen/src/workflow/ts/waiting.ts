// Steps that only wait: for time, for a signal, for a person.
import { CancellationScope, condition } from '@temporalio/workflow';
import { failure, success } from './run';
import type { At, Body, Outcome } from './run';
import { member } from './reply';
import { counted, due, latch, isNumber } from './resume';
import { fired, now } from './timers';
import type { Fired } from './timers';
import { lastTurn, outside, untilThen, whenStill } from './turns';
import type { Json } from './value';

/** Milliseconds, computed when the step begins. */
export type Millis = (at: At) => number;

/** A timer; the output is null. */
export async function timer(at: At, after: Millis): Promise<Outcome> {
  const until = due(at, () => after(at));
  at.run.waits(at.base);
  await untilThen(at, until, false);
  return success(null);
}

/** Until a time, in milliseconds since 1970. */
export function until(at: At, when: Millis): Promise<Outcome> {
  return timer(at, (inner) => when(inner) - now());
}

/** So many turns, in which other steps go on. */
export async function turns(at: At, count: Millis): Promise<Outcome> {
  const all = latch(at, 'turns', () => count(at), isNumber);
  for (let made = counted(at, 'made'); made < all; made += 1) {
    at.mark.kept.set('made', made);
    await untilThen(at, now(), false);
  }
  return success(null);
}

/** No time at all is no timer either. */
export async function delay(at: At, by: Millis, body: Body): Promise<Outcome> {
  const until = due(at, () => by(at));
  if (until > now()) await untilThen(at, until, false);
  return body(at);
}

export type Deadline = {
  timeout?: Millis;
  /** A deadline that passes, and a rejection, are ways out instead of failures. */
  routes?: boolean;
};

/** For the next signal of this name; one that came early is taken at once. The output is its payload. */
export async function signal(at: At, name: string, deadline: Deadline): Promise<Outcome> {
  const payload = await received(at, name, deadline);
  return payload === undefined ? late(deadline) : success(payload);
}

/** For a person, who answers by the signal `approve:<path>` with `{approved, by?, comment?}`. */
export async function approval(at: At, deadline: Deadline): Promise<Outcome> {
  const answer = await received(at, `approve:${at.base}`, deadline);
  if (answer === undefined) return late(deadline);
  const routes = deadline.routes === true;
  if (member(answer, 'approved') === true) return success(answer, routes ? 'approved' : undefined);
  return routes ? success(answer, 'rejected') : failure('REJECTED', 'verdict', 'a person rejected this step');
}

async function received(at: At, name: string, { timeout }: Deadline): Promise<Json | undefined> {
  const early = at.run.inbox.take(name);
  if (early !== undefined) return early;
  const until = timeout === undefined ? undefined : due(at, () => timeout(at));
  at.run.waits(at.base);
  const waiter = at.run.inbox.wait(name);
  try {
    const came = (): boolean => waiter.payload !== undefined;
    await outside(at, () => (until === undefined ? condition(came) : before(until, came)), false);
    return waiter.payload;
  } finally {
    at.run.inbox.leave(name, waiter);
  }
}

/** Until something holds, or until then. */
async function before(until: number, holds: () => boolean): Promise<Fired | void> {
  const scope = new CancellationScope();
  try {
    return await scope.run(() => Promise.race([condition(holds), fired(until)]));
  } finally {
    scope.cancel();
  }
}

function late({ routes }: Deadline): Outcome {
  if (routes === true) return success(null, 'timeout');
  return failure('TIMEOUT', 'timeout', 'nothing came before the deadline');
}

/** Never ends by itself. */
export async function forever(at: At): Promise<Outcome> {
  at.run.waits(at.base);
  whenStill(() => at.run.refuseToHang());
  await CancellationScope.current().cancelRequested.catch(() => lastTurn(at));
  return { kind: 'cancelled' };
}

/** Fails the body, and ends what runs in it, when the total time is up. */
export async function timeout(at: At, after: Millis, body: Body): Promise<Outcome> {
  const around = CancellationScope.current();
  const { outcome, isUp } = await withDeadline(at, due(at, () => after(at)), new CancellationScope(), body);
  if (!isUp || around.consideredCancelled) return outcome;
  return failure('TIMEOUT', 'timeout', 'the time for this part of the flow is up');
}

/** Runs the body in `scope`, which is ended when its time is up; says whether it was. */
export async function withDeadline(
  at: At,
  until: number,
  scope: CancellationScope,
  body: Body,
): Promise<{ outcome: Outcome; isUp: boolean }> {
  let isUp = false;
  const watch = new CancellationScope();
  const watched = watch.run(async () => {
    await untilThen(at, until, false);
    isUp = true;
    scope.cancel();
  });
  // Where it does not fire it is ended.
  watched.catch(() => undefined);
  const outcome = await scope.run(() => body(at));
  watch.cancel();
  return { outcome, isUp };
}
