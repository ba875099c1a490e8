// Tasks: an activity, tried again as its policy says. The activity itself is proxied with one attempt.
import { ActivityFailure, ApplicationFailure, TimeoutFailure, sleep } from '@temporalio/workflow';
import { success } from './run';
import type { Json, Outcome, StepError } from './run';
import type { At, Compute } from './steps';
import { allows, delayAfter, named } from './wrap';
import type { Policy } from './wrap';

/** What an activity is told of the step it performs; run and path make its idempotency key. */
export type Step = { run: string; path: string; attempt?: number };

/** Calls the activity of one kind. */
export type Call = (params: Json, step: Step) => Promise<Json>;

/** A failure that may not be tried again, or has been tried as often as allowed, is the step's. */
export async function task(at: At, call: Call, params: Compute, policy: Policy): Promise<Outcome> {
  const given = params(at);
  for (let made = 1; ; made += 1) {
    at.run.attempted(at.base, made);
    try {
      const output = await call(given, { run: at.run.id, path: at.base, attempt: made });
      at.run.awoken();
      return success(output);
    } catch (thrown) {
      at.run.awoken();
      const failed = failureOf(thrown);
      if (failed === undefined) throw thrown;
      const { error, retryAfterMs } = failed;
      if (!error.retryable || !allows(policy, made) || !named(policy, error)) return { kind: 'failure', error };
      const wait = retryAfterMs ?? delayAfter(policy, made);
      if (wait > 0) await sleep(wait);
    }
  }
}

type Failed = { error: StepError; retryAfterMs: number | undefined };

/** The step's error, or nothing where this is no failure of an activity, such as a cancellation. */
function failureOf(thrown: unknown): Failed | undefined {
  if (!(thrown instanceof ActivityFailure)) return undefined;
  if (thrown.cause instanceof ApplicationFailure) return ofApplication(thrown.cause);
  return thrown.cause instanceof TimeoutFailure ? timedOut() : undefined;
}

function timedOut(): Failed {
  const message = 'the task did not end within its time';
  const error = { code: 'TASK_TIMEOUT', category: 'timeout', message, retryable: true, path: '', detail: null };
  return { error, retryAfterMs: undefined };
}

function ofApplication(cause: ApplicationFailure): Failed {
  const told: unknown = cause.details?.[0];
  const retryAfterMs = member(told, 'retryAfterMs');
  const category = member(told, 'category');
  const error: StepError = {
    code: cause.type ?? 'TASK_FAILED',
    category: typeof category === 'string' ? category : 'external',
    message: cause.message,
    retryable: cause.nonRetryable !== true,
    path: '',
    detail: json(member(told, 'detail')),
  };
  return { error, retryAfterMs: typeof retryAfterMs === 'number' ? retryAfterMs : undefined };
}

function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}

/** What came as JSON, typed as such; anything else is null. */
function json(value: unknown): Json {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  if (Array.isArray(value)) return value.map(json);
  if (typeof value !== 'object' || value === null) return null;
  return Object.fromEntries(Object.entries(value).map(([key, held]) => [key, json(held)]));
}
