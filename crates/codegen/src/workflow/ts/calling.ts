// Other flows, as child workflows.
import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  ChildWorkflowCancellationType,
  ChildWorkflowFailure,
  ParentClosePolicy,
  executeChild,
  startChild,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { member, textMember } from './reply';
import { failure, success } from './run';
import type { At, Compute, Outcome, StepError } from './run';
import { assign, json } from './task';
import type { Assign } from './task';
import { outside } from './turns';
import { shown } from './value';
import type { Json } from './value';
import { kept } from './weight';

export type Called = {
  flow: Compute;
  /** The workflow types of the flows that may be called, by name. */
  flows: [name: string, type: string][];
  /** Does not wait for the child; the output is its run's id. */
  detached?: boolean;
  assign?: Assign[];
};

/** The child's output; its run is called after the step. */
export async function callFlow(at: At, called: Called, input: Compute): Promise<Outcome> {
  const [given, flow] = [kept(input(at)), called.flow(at)];
  if (typeof flow !== 'string') {
    return failure('WRONG_TYPE', 'input', `a flow's name must be text, found ${shown(flow)}`);
  }
  const type = called.flows.find(([name]) => name === flow)?.[1];
  if (type === undefined) return failure('FLOW_UNKNOWN', 'child', `there is no flow \`${flow}\``);
  const workflowId = `${at.run.id}/${at.base}`;
  at.run.waits(at.base);
  const outcome = await outside(at, () => ended(type, workflowId, given, called.detached === true));
  if (outcome.kind === 'success') assign(at, called.assign ?? [], outcome.output);
  return outcome;
}

async function ended(type: string, workflowId: string, given: Json, detached: boolean): Promise<Outcome> {
  const options = { args: [given], workflowId, cancellationType: ChildWorkflowCancellationType.TRY_CANCEL };
  try {
    if (detached) {
      await startChild(type, { ...options, parentClosePolicy: ParentClosePolicy.ABANDON });
      return success(workflowId);
    }
    const result: unknown = await executeChild(type, options);
    return success(member(json(result), 'output') ?? null);
  } catch (thrown) {
    const error = childError(thrown, workflowId);
    if (error === undefined) throw thrown;
    return { kind: 'failure', error };
  }
}

/** What a parent sees of a child that did not succeed; nothing where this is no end of a child. */
function childError(thrown: unknown, id: string): StepError | undefined {
  if (thrown instanceof WorkflowExecutionAlreadyStartedError) {
    return { ...NONE, code: 'CHILD_NOT_STARTED', message: thrown.message };
  }
  if (!(thrown instanceof ChildWorkflowFailure)) return undefined;
  if (thrown.cause instanceof CancelledFailure && !CancellationScope.current().consideredCancelled) {
    return { ...NONE, code: 'CHILD_CANCELLED', message: `the run \`${id}\` ended as cancelled` };
  }
  if (!(thrown.cause instanceof ApplicationFailure)) return undefined;
  const { type, message, details } = thrown.cause;
  if (member(json(details?.[0]), 'status') === 'timed_out') {
    return { ...NONE, code: 'CHILD_TIMED_OUT', message: `the run \`${id}\` ended as timed_out` };
  }
  const told = member(json(details?.[0]), 'error') ?? null;
  const retryable = member(told, 'retryable') === true;
  const detail = member(told, 'detail') ?? null;
  return { ...NONE, code: textMember(told, 'code') ?? type ?? 'CHILD_FAILED', message, retryable, detail };
}

const NONE: StepError = { code: '', category: 'child', message: '', retryable: false, path: '', detail: null };
