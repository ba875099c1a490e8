// Where a workflow begins and ends: its input, its first variables, what may be asked of it, and its result.
import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  defineQuery,
  log,
  setDefaultSignalHandler,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { write } from './pure';
import { goOn, takeUp } from './resume';
import type { Left } from './resume';
import { Run, failure } from './run';
import type { At, Body, Compute, Outcome, Result, TraceEntry } from './run';
import { isObject, problemsOf } from './schemas';
import type { Json as Plain } from './schemas';
import { fromOutside } from './sealing';
import { json as typed } from './task';
import type { Assign } from './task';
import { evaluationError } from './value';
import type { Json } from './value';
import { withDeadline } from './waiting';
import { kept } from './weight';
import { errorValue } from './wrap';

/** Answers every step entered so far, also after the workflow has ended. */
export const traceQuery = defineQuery<TraceEntry[]>('trace');

/** Answers the run's variables by name. */
export const variablesQuery = defineQuery<{ [name: string]: Json }>('variables');

/** What holds for every run of a flow. */
export type Flow = {
  root: Body;
  /** What every declared variable holds at first. */
  variables?: [string, Json][];
  /** JSON Schema of the input. */
  input?: Plain;
  /** The top-level members of the input are variables too. */
  inputAsVariables?: boolean;
  /** The deadline of a run, counted from its start. */
  timeoutMs?: number;
  queries?: [string, Compute][];
  /** Variables that a signal writes when it comes, by the signal's name; their values see `message`, its payload. */
  signals?: [string, Assign[]][];
};

/** One run of a flow, from its root to its result. A failed run ends with the error's code as the failure's type. */
export async function runFlow(flow: Flow, given: Plain, before?: Left): Promise<Result> {
  if (before === undefined) refuse(flow.input, given);
  const { workflowId, startTime } = workflowInfo();
  const run = new Run(workflowId, before?.startedAt ?? startTime.getTime(), fromOutside(given));
  for (const [name, value] of [...(flow.variables ?? []), ...ownVariables(flow, given)]) run.variables.set(name, value);
  if (before !== undefined) takeUp(run, before);
  const at: At = { run, base: '', place: [], scope: run.variables, mark: run.mark, memory: run.mark.instance('') };
  answer(flow, at);
  listen(flow, at);
  const outcome = await timed(flow, at);
  return run.left ? goOn(run, given) : ended(run, outcome);
}

/** An input that is not what the flow takes fails the run before its first step. */
function refuse(schema: Plain | undefined, given: Plain): void {
  if (schema === undefined) return;
  const problems = problemsOf(schema, given);
  if (problems.length === 0) return;
  const said = problems.map(([path, message]) => (path === '' ? message : `\`${path}\`: ${message}`)).join('; ');
  const message = `the input is not what this flow takes: ${said}`;
  throw ApplicationFailure.create({ type: 'INPUT_INVALID', message, nonRetryable: true });
}

function ownVariables(flow: Flow, given: Plain): [string, Json][] {
  return flow.inputAsVariables === true && isObject(given) ? Object.entries(given) : [];
}

function answer(flow: Flow, at: At): void {
  setHandler(traceQuery, () => at.run.trace());
  setHandler(variablesQuery, () => at.run.variables.all());
  for (const [name, compute] of flow.queries ?? []) setHandler(defineQuery<Json>(name), () => compute(at));
}

async function timed(flow: Flow, at: At): Promise<Outcome> {
  const { root, timeoutMs } = flow;
  const scope = new CancellationScope();
  at.run.stop = () => scope.cancel();
  const givenUp = new Promise<Outcome>((resolve) => {
    at.run.giveUp = () => resolve({ kind: 'cancelled' });
  });
  const body: Body = (inner) => Promise.race([root(inner), givenUp]);
  const { outcome, isUp } =
    timeoutMs === undefined
      ? { outcome: await scope.run(() => body(at)), isUp: false }
      : await withDeadline(at, at.run.startedAt + timeoutMs, scope, body);
  if (at.run.stuck !== undefined) return { kind: 'failure', error: at.run.stuck };
  if (!isUp || outcome.kind !== 'cancelled' || CancellationScope.current().consideredCancelled) return outcome;
  return failure('RUN_TIMEOUT', 'timeout', 'the run took longer than its timeout allows');
}

/** A signal of a declared name writes variables as soon as it comes; any other is kept for the step that waits for it. */
function listen(flow: Flow, at: At): void {
  at.run.assignsSignals = (flow.signals ?? []).length > 0;
  setDefaultSignalHandler((name, payload) => {
    at.run.awoken();
    at.run.signalled();
    const message = typed(payload);
    const assigns = flow.signals?.find(([declared]) => declared === name)?.[1];
    if (assigns === undefined) keep(at.run, name, message);
    else assigns.forEach((assign) => store({ ...at, message }, assign));
  });
}

function keep(run: Run, name: string, message: Json): void {
  if (!run.inbox.deliver(name, message)) log.warn(`the signal \`${name}\` was dropped: too many wait to be taken`);
}

function store(at: At, { name, value }: Assign): void {
  try {
    write(at, name, kept(value(at)));
  } catch (thrown) {
    const error = evaluationError(thrown);
    if (error === undefined) throw thrown;
    log.warn(`signal value for \`${name}\` was not stored: ${error.message}`);
  }
}

function ended(run: Run, outcome: Outcome): Result {
  if (run.returned !== undefined) return succeeded(run, run.returned.output);
  if (outcome.kind === 'success') return succeeded(run, outcome.output);
  if (outcome.kind === 'cancelled') throw new CancelledFailure('the run was cancelled');
  const { code, message } = outcome.error;
  const details = [{ status: code === 'RUN_TIMEOUT' ? 'timed_out' : 'failed', error: errorValue(outcome.error) }];
  throw ApplicationFailure.create({ type: code, message, nonRetryable: true, details });
}

function succeeded(run: Run, output: Json): Result {
  return { status: 'succeeded', output, variables: run.variables.all() };
}
