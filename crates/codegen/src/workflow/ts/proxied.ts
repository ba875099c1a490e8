// Steps of kinds that have no TypeScript: Weir's own worker performs them, and is told what its own runs tell it.
import { ActivityFailure, ApplicationFailure, log, scheduleActivity } from '@temporalio/workflow';
import { member, textMember } from './reply';
import { failure, success } from './run';
import type { Outcome } from './run';
import type { Plain } from './sealing';
import { Done, json } from './task';
import type { Call } from './task';
import type { Json } from './value';
import { PAYLOAD_BYTES } from './weight';

/** Where Weir's own worker takes work from, and what holds for the steps of this flow. */
export type Weir = { queue: string; context: Plain };

/** Has attempts of one kind made by Weir's worker, with `usualMs` for an attempt where the step does not say. */
export function proxied(kind: string, usualMs: number, { queue, context }: Weir): Call {
  return async (params, { run, path, attempt = 1 }, timeoutMs = usualMs) => {
    const timeout = Math.max(timeoutMs, 1);
    // Without a policy in it, this side decides about further attempts.
    const input = { run, path, params, timeout, attempt, context, maxPayload: PAYLOAD_BYTES };
    try {
      const answer = await scheduleActivity<Plain>(kind, [input], {
        taskQueue: queue,
        // An attempt that takes too long ends itself; a worker that was lost is noticed before this.
        startToCloseTimeout: timeout + 30_000,
        heartbeatTimeout: 10_000,
        retry: { maximumAttempts: 1 },
      });
      return done(kind, queue, json(answer));
    } catch (thrown) {
      if (thrown instanceof ActivityFailure && thrown.cause instanceof ApplicationFailure) {
        const told = json(thrown.cause.details?.[0]);
        // It is none of Weir's failures: that worker does not know the kind, for one.
        if (member(told, 'error') === undefined) return new Done(failure('TASK_BROKEN', 'internal', thrown.cause.message));
        tell(kind, told);
      }
      throw thrown;
    }
  };
}

/** The result of an attempt that succeeded, with what it used up. */
function done(kind: string, queue: string, answer: Json): Done {
  const output = member(answer, 'output');
  if (output === undefined) return new Done(unreadable(queue, answer));
  tell(kind, answer);
  const used = member(answer, 'usage');
  const [inputTokens = 0, outputTokens = 0] = [member(used, 'tokensIn'), member(used, 'tokensOut')];
  const usage = { inputTokens, outputTokens, micros: member(used, 'micros') ?? 0 };
  return new Done(success(output, textMember(answer, 'handle')), { usage });
}

function unreadable(queue: string, answer: Json): Outcome {
  const isElsewhere = member(answer, '$weirElsewhere') !== undefined;
  const why = isElsewhere
    ? `it is in the database that the workers of \`${queue}\` keep large payloads in; start newer ones, which answer others through Temporal`
    : `does a worker of another program take work from \`${queue}\`?`;
  return failure('TASK_BROKEN', 'internal', `the answer of Weir's own worker cannot be read: ${why}`);
}

/** What the attempt has logged goes into the log of the run. */
function tell(kind: string, told: Json): void {
  const lines = member(told, 'logs');
  for (const line of Array.isArray(lines) ? lines : []) {
    const level = textMember(line, 'level');
    const [path, attempt, metadata] = ['path', 'attempt', 'metadata'].map((name) => member(line, name) ?? null);
    log[isLevel(level) ? level : 'info'](textMember(line, 'message') ?? '', { kind, path, attempt, metadata });
  }
}

function isLevel(name: string | undefined): name is 'debug' | 'info' | 'warn' | 'error' {
  return name === 'debug' || name === 'info' || name === 'warn' || name === 'error';
}
