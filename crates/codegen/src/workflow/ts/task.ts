// Tasks: an activity, tried again as its policy says. The activity itself is proxied with one attempt.
import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/workflow';
import { write } from './pure';
import { member, textMember } from './reply';
import { failure, success } from './run';
import type { At, Compute, Outcome, StepError } from './run';
import { plain, recorded } from './sealing';
import type { Plain } from './sealing';
import { now } from './timers';
import { outside, untilThen } from './turns';
import { known } from './value';
import type { Json } from './value';
import { PAYLOAD_BYTES, fits, kept } from './weight';
import { allows, delayAfter, named } from './wrap';
import type { Policy } from './wrap';

/** What an activity is told of the step it performs; run and path make its idempotency key. */
export type Step = { run: string; path: string; attempt?: number; timeoutMs?: number; transcript?: { [path: string]: Plain } };

/** Calls the activity of one kind; `timeoutMs` is per attempt. What comes is the output, or says more than that. */
export type Call = (params: Plain, step: Step, timeoutMs: number | undefined) => Promise<Plain | Done>;

/** How an attempt ended whose end is more than an output. */
export class Done {
  constructor(
    readonly outcome: Outcome,
    /** What it used up, as a model's reply says it. */
    readonly used: Json = null,
  ) {}
}

/** How a step of some kind is performed. */
export type Spec = {
  call: Call;
  policy: Policy;
  /** Whether an attempt whose worker was lost is made again; else nobody knows what it did. */
  again?: boolean;
  /** Per attempt; the activity's own where absent. */
  timeout?: (at: At) => number;
  assign?: Assign[];
  /** Whether the output says what was used up, as that of a model does. */
  charges?: boolean;
};

/** A variable a result is written to. */
export type Assign = { name: string; value: Compute };

/** One step of a kind: its parameters, the activity with its attempts, and what is kept of the result. */
export async function task(at: At, spec: Spec, params: Compute): Promise<Outcome> {
  const timeoutMs = spec.timeout?.(at);
  const outcome = await perform(at, spec, params(at), undefined, timeoutMs);
  if (outcome.kind === 'success') assign(at, spec.assign ?? [], outcome.output);
  return outcome;
}

/** Writes the variables a result is assigned to, in order. */
export function assign(at: At, assigns: Assign[], output: Json): void {
  for (const { name, value } of assigns) write(at, name, kept(value({ ...at, output })));
}

/** A failure that may not be tried again, or has been tried as often as allowed, is the step's. */
export async function perform(
  at: At,
  spec: Spec,
  params: Json,
  transcript?: { [path: string]: Json },
  timeoutMs?: number,
): Promise<Outcome> {
  const given = plain(params);
  const told = transcript === undefined ? {} : { transcript: recorded(transcript) };
  if (!fits([given, transcript ?? null])) return tooLarge('what the step is given');
  for (let made = 1; ; made += 1) {
    at.run.attempted(at.base, made);
    try {
      const step = { run: at.run.id, path: at.base, attempt: made, ...told };
      const ended = await outside(at, () => spec.call(given, step, timeoutMs));
      if (ended instanceof Done) {
        at.account?.charge(ended.used);
        return ended.outcome;
      }
      if (spec.charges === true) at.account?.charge(ended);
      return success(ended);
    } catch (thrown) {
      if (isLost(thrown) && spec.again === true) {
        made -= 1;
        continue;
      }
      const failed = isLost(thrown) ? unknown() : failureOf(thrown);
      if (failed === undefined) throw thrown;
      const { error, retryAfterMs } = failed;
      const again = error.retryable && allows(spec.policy, made) && named(spec.policy, error);
      if (!again) return { kind: 'failure', error };
      const wait = retryAfterMs ?? delayAfter(spec.policy, made);
      if (wait > 0) await untilThen(at, now() + wait);
    }
  }
}

/** The failure of what is larger than one payload of Temporal. */
export function tooLarge(what: string): Outcome {
  const message = `${what} is larger than the ${PAYLOAD_BYTES} bytes Temporal takes; keep large values elsewhere`;
  return failure('PAYLOAD_TOO_LARGE', 'limit', message);
}

type Failed = { error: StepError; retryAfterMs: number | undefined };

/** The step's error, or nothing where this is no failure of an activity, such as a cancellation. */
function failureOf(thrown: unknown): Failed | undefined {
  if (!(thrown instanceof ActivityFailure)) return undefined;
  if (thrown.cause instanceof ApplicationFailure) return ofApplication(thrown.cause);
  return thrown.cause instanceof TimeoutFailure ? timedOut() : undefined;
}

/** The worker that performed it gave no sign of life any more. */
function isLost(thrown: unknown): boolean {
  if (!(thrown instanceof ActivityFailure) || !(thrown.cause instanceof TimeoutFailure)) return false;
  return thrown.cause.timeoutType === 'HEARTBEAT';
}

function unknown(): Failed {
  const message = 'the worker was lost during this step, and nobody knows whether it was done';
  const error = { code: 'OUTCOME_UNKNOWN', category: 'internal', message, retryable: false, path: '', detail: null };
  return { error, retryAfterMs: undefined };
}

function timedOut(): Failed {
  const message = 'the task did not end within its time';
  const error = { code: 'TASK_TIMEOUT', category: 'timeout', message, retryable: true, path: '', detail: null };
  return { error, retryAfterMs: undefined };
}

/** Weir's own worker puts more around the error than the activities of a project do. */
function ofApplication(cause: ApplicationFailure): Failed {
  const details = json(cause.details?.[0]);
  const told = member(details, 'error') ?? details;
  const retryable = member(told, 'retryable');
  const retryAfterMs = member(told, 'retryAfterMs') ?? member(told, 'retryAfter');
  const error: StepError = {
    code: cause.type ?? 'TASK_FAILED',
    category: textMember(told, 'category') ?? 'external',
    message: textMember(told, 'message') ?? cause.message,
    retryable: typeof retryable === 'boolean' ? retryable : cause.nonRetryable !== true,
    path: '',
    detail: member(told, 'detail') ?? null,
  };
  return { error, retryAfterMs: typeof retryAfterMs === 'number' ? retryAfterMs : undefined };
}

/** What came as JSON, typed as such; anything else is null. */
export function json(value: unknown): Json {
  return known(value, Infinity) ?? null;
}
