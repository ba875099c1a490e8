// Loops, one iteration after the other. Each iteration is entered below its own index.
import { endless, failure, success } from './run';
import type { Json, Outcome } from './run';
import { shown } from './pure';
import { truthy } from './steps';
import type { At, Body, Compute } from './steps';

export type Loop = {
  /** Checked before each iteration; it sees `index`. */
  holds?: Compute;
  /** Ends after as many iterations; for a list, after its last item. */
  count?: number;
  items?: Json[];
  /** The most iterations; reaching it fails the loop, or only ends it. */
  max?: number;
  limitIsDone: boolean;
  /** The output is the list of all outputs, not the last one. */
  collect: boolean;
};

/** Goes through a list, which `items` must be. */
export async function loopItems(at: At, items: Json, loop: Loop, body: Body): Promise<Outcome> {
  if (Array.isArray(items)) return repeat(at, { ...loop, items, count: items.length }, body);
  return failure('NOT_A_LIST', 'verdict', `expected a list to go through, found ${shown(items)}`);
}

/** Leaves by `done` when it has run its course; a failed iteration fails it. */
export async function repeat(at: At, loop: Loop, body: Body): Promise<Outcome> {
  const outputs: Json[] = [];
  for (let index = 0; index !== loop.count; index += 1) {
    if (!at.run.countIdle()) return endless('this loop does not end');
    if (index === loop.max) return atLimit(loop, index, outputs);
    const inner: At = { ...at, base: `${at.base}[${index}]`, item: loop.items?.[index] ?? null, index };
    if (loop.holds !== undefined && !truthy(loop.holds(inner))) break;
    const outcome = await body(inner);
    if (outcome.kind !== 'success') return outcome;
    if (loop.collect) outputs.push(outcome.output);
    else outputs[0] = outcome.output;
  }
  return finished(loop, outputs);
}

function finished(loop: Loop, outputs: Json[]): Outcome {
  return success(loop.collect ? outputs : (outputs[0] ?? null), 'done');
}

function atLimit(loop: Loop, max: number, outputs: Json[]): Outcome {
  if (loop.limitIsDone) return finished(loop, outputs);
  const why = loop.holds === undefined ? 'loop goes on' : 'condition still holds';
  return failure('ITERATION_LIMIT', 'verdict', `the limit of ${max} iterations is reached and the ${why}`);
}
