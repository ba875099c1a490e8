// Where a workflow begins and ends: its first variables, its trace for whoever asks, and its result.
import { ApplicationFailure, CancelledFailure, defineQuery, setHandler, workflowInfo } from '@temporalio/workflow';
import { Run } from './run';
import type { Body, Outcome, Result, TraceEntry } from './run';
import type { Json } from './value';
import { errorValue } from './wrap';

/** Answers every step entered so far, also after the workflow has ended. */
export const traceQuery = defineQuery<TraceEntry[]>('trace');

/** One run of a flow, from its root to its result. A failed run ends with the error's code as the failure's type. */
export async function runFlow(input: Json, variables: [string, Json][], root: Body): Promise<Result> {
  const { workflowId, startTime } = workflowInfo();
  const run = new Run(workflowId, startTime.getTime(), input);
  for (const [name, value] of variables) run.variables.set(name, value);
  setHandler(traceQuery, () => run.trace());
  return ended(run, await root({ run, base: '', scope: run.variables, memory: new Map() }));
}

function ended(run: Run, outcome: Outcome): Result {
  if (run.returned !== undefined) return succeeded(run, run.returned.output);
  if (outcome.kind === 'success') return succeeded(run, outcome.output);
  if (outcome.kind === 'cancelled') throw new CancelledFailure('the run was cancelled');
  const { code, message } = outcome.error;
  throw ApplicationFailure.create({ type: code, message, nonRetryable: true, details: [errorValue(outcome.error)] });
}

function succeeded(run: Run, output: Json): Result {
  return { status: 'succeeded', output, variables: run.variables.all() };
}
