// What is put around another step: try, invert, force, retry.
import { CancellationScope, log } from '@temporalio/workflow';
import { endless, failure, success } from './run';
import type { At, Body, Memory, Outcome, StepError } from './run';
import { counted, due } from './resume';
import { Scope } from './scope';
import { untilThen } from './turns';
import type { Json } from './value';

/** How often, and after which waits, something is tried again. */
export type Policy = {
  strategy: 'none' | 'fail-after-x' | 'exponential-backoff' | 'keep-trying';
  maxAttempts: number;
  initialMs: number;
  maxMs?: number;
  coefficient: number;
  /** Codes or categories; all where empty. */
  retryOn: string[];
  /** Spreads waits by up to this share of their length. */
  jitter?: number;
};

/** Tried once. */
export const once: Policy = { strategy: 'none', maxAttempts: 1, initialMs: 0, coefficient: 1, retryOn: [] };

/** `catch` runs on a failure of `body`, `finally` once on every outcome; a failure of `finally` changes nothing. */
export async function attempt(at: At, body: Body, caught?: Body, last?: Body): Promise<Outcome> {
  const first = await body(at);
  const failed = first.kind === 'failure' ? first.error : undefined;
  const kept = failed === undefined || caught === undefined ? first : await caught({ ...at, error: errorValue(failed) });
  if (last !== undefined) await CancellationScope.nonCancellable(() => last(at));
  return kept;
}

export async function invert(at: At, body: Body): Promise<Outcome> {
  const outcome = await body(at);
  if (outcome.kind === 'failure') return success(errorValue(outcome.error));
  return outcome.kind === 'success' ? failure('INVERTED', 'verdict', 'the inverted step succeeded') : outcome;
}

/** Turns the outcome into a success, or into a failure, whatever the body gives. */
export async function force(at: At, succeed: boolean, body: Body): Promise<Outcome> {
  const outcome = await body(at);
  if (outcome.kind === 'failure' && succeed) return success(errorValue(outcome.error));
  if (outcome.kind === 'success' && !succeed) {
    return failure('FORCED_FAILURE', 'verdict', 'this step fails whatever its child gives');
  }
  return outcome;
}

/** Each attempt is entered below its own index. A verdict is never tried again. */
export async function retry(at: At, policy: Policy, body: Body): Promise<Outcome> {
  for (let made = counted(at, 'made') + 1; ; made += 1) {
    const outcome = await body({ ...at, base: `${at.base}[${made - 1}]` });
    if (outcome.kind !== 'failure' || !allows(policy, made) || !named(policy, outcome.error)) return outcome;
    const wait = delayAfter(policy, made);
    if (wait > 0) {
      const until = due(at, () => wait, `due ${made}`);
      await untilThen(at, until, false);
    } else if (!at.run.countIdle()) return endless('this step is tried again without a wait');
    at.mark.kept.set('made', made);
    at.mark.drop(`${at.base}[${made - 1}]`);
  }
}

/** Whether attempt `made` (from 1) may be followed by another. */
export function allows(policy: Policy, made: number): boolean {
  if (policy.strategy === 'none') return false;
  return policy.strategy === 'keep-trying' || made < policy.maxAttempts;
}

/** Whether the policy's list, where there is one, names this error; a verdict never is. */
export function named(policy: Policy, error: StepError): boolean {
  if (error.category === 'verdict') return false;
  return policy.retryOn.length === 0 || policy.retryOn.some((wanted) => wanted === error.code || wanted === error.category);
}

/** The wait in milliseconds after failed attempt `made` (from 1). */
export function delayAfter(policy: Policy, made: number): number {
  if (policy.initialMs === 0) return 0;
  const grown = policy.initialMs * Math.max(policy.coefficient, 0) ** (made - 1);
  const most = policy.maxMs ?? 4_294_967_295_000;
  const spread = 1 + (policy.jitter ?? 0) * (Math.random() * 2 - 1);
  return Math.trunc(Math.max(0, Math.min(Math.min(grown, most) * spread, most)));
}

/** A failure as a value, such as `error` in a catch. */
export function errorValue(error: StepError): Json {
  const { code, category, message, retryable, path, detail } = error;
  return { code, category, message, retryable, path, detail };
}

/** Runs the body once within this instance, and repeats its outcome after that. */
export async function runOnce(at: At, key: string, body: Body): Promise<Outcome> {
  const kept = at.memory.get(key);
  if (kept?.kind === 'once') return kept.outcome;
  const outcome = await body(at);
  if (outcome.kind !== 'cancelled') at.memory.set(key, { kind: 'once', outcome });
  return outcome;
}

/** Runs the body afresh after every success; succeeds when it fails. */
export async function untilFailure(at: At, body: Body): Promise<Outcome> {
  for (let pass = counted(at, 'pass'); ; pass += 1) {
    if (!at.run.countIdle()) return endless('this step never fails');
    const base = `${at.base}[${pass}]`;
    const outcome = await body({ ...at, base, memory: at.mark.instance(base) });
    if (outcome.kind === 'failure') return success(errorValue(outcome.error));
    if (outcome.kind === 'cancelled') return outcome;
    at.mark.kept.set('pass', pass + 1);
    at.mark.drop(base);
  }
}

/** A failure becomes success and is recorded. */
export async function softAssert(at: At, body: Body): Promise<Outcome> {
  const outcome = await body(at);
  if (outcome.kind !== 'failure') return outcome;
  log.warn(`a soft assertion failed: ${outcome.error.message}`, { path: at.base });
  return success(errorValue(outcome.error));
}

/** Variables of its own: reads fall through, writes stay inside; the same ones on re-entry. */
export async function scope(at: At, key: string, body: Body): Promise<Outcome> {
  const kept = at.memory.get(key);
  const own = kept?.kind === 'scope' ? kept.scope.within(at.scope) : new Scope(at.scope);
  at.memory.set(key, { kind: 'scope', scope: own });
  return body({ ...at, scope: own });
}

/** A definition is an instance of its own at every place that uses it, and the same one on re-entry. */
export async function use(at: At, key: string, body: Body): Promise<Outcome> {
  const kept = at.memory.get(key);
  const memory = kept?.kind === 'instance' ? kept.memory : new Map<string, Memory>();
  at.memory.set(key, { kind: 'instance', memory });
  return body({ ...at, memory });
}
