// All children at once; every child is waited for.
import { failure, success } from './run';
import type { Json, Outcome } from './run';
import type { At, Body } from './steps';

export type Rule = { strategy: 'all' | 'any'; success?: number; failure?: number; limit?: number };

/** The verdict looks at the success threshold, then the failure threshold, then the strategy. */
export async function parallel(at: At, children: Body[], rule: Rule): Promise<Outcome> {
  const ended: Outcome[] = [];
  const outputs: Json[] = children.map(() => null);
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let slot = next++; slot < children.length; slot = next++) {
      const outcome = await children[slot]?.(at);
      if (outcome === undefined) return;
      ended.push(outcome);
      if (outcome.kind === 'success') outputs[slot] = outcome.output;
    }
  };
  const lanes = Math.min(children.length, rule.limit ?? children.length);
  await Promise.all(Array.from({ length: lanes }, lane));
  return verdict(ended, outputs, rule);
}

function verdict(ended: Outcome[], outputs: Json[], rule: Rule): Outcome {
  if (ended.some((outcome) => outcome.kind === 'cancelled')) return { kind: 'cancelled' };
  const succeeded = ended.filter((outcome) => outcome.kind === 'success').length;
  if (passes(rule, ended.length, succeeded)) return success(outputs);
  const first = ended.find((outcome) => outcome.kind === 'failure');
  return first ?? failure('PARALLEL_FAILED', 'verdict', `${succeeded} of ${ended.length} children succeeded`);
}

function passes(rule: Rule, total: number, succeeded: number): boolean {
  const failed = total - succeeded;
  if (total === 0 || (rule.success !== undefined && succeeded >= rule.success)) return true;
  if (rule.failure !== undefined && failed >= rule.failure) return false;
  return rule.strategy === 'all' ? failed === 0 : succeeded > 0;
}
