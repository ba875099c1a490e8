// Waits for time to pass.
import { sleep } from '@temporalio/workflow';
import { EvaluationError, success } from './run';
import type { Json, Outcome } from './run';
import { shown } from './pure';
import type { At, Body } from './steps';

/** A timer of so many milliseconds; the output is null. */
export async function timer(at: At, millis: number): Promise<Outcome> {
  await sleep(millis);
  at.run.awoken();
  return success(null);
}

/** No time at all is no timer either. */
export async function delay(at: At, millis: number, body: Body): Promise<Outcome> {
  if (millis > 0) await timer(at, millis);
  return body(at);
}

/** How many iterations, children and the like: a whole number from 0. */
export function count(value: Json): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value;
  throw new EvaluationError('INVALID_NUMBER', `expected a whole number that is not negative, found ${shown(value)}`);
}
