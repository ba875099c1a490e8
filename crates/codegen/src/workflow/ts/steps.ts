// What the control nodes do. Every function says by its outcome how the step ended; none throws for a step's failure.
import { CancellationScope, isCancellation } from '@temporalio/workflow';
import { failure, success } from './run';
import type { At, Body, Outcome, Test } from './run';
import { evaluationError } from './value';
import type { Json } from './value';

/** One way through a branch; without a body, what flows in flows out. */
export type Way = { body?: Body; handle?: string };
export type Case = { when: Test | { region: Body }; then: Way };

/**
 * Runs `work` as the step `id` of this kind: it appears in the trace, and its failures carry its path. Where
 * everything around it is being ended it is not entered at all.
 */
export async function step(at: At, id: string, kind: string, work: Body): Promise<Outcome> {
  if (CancellationScope.current().consideredCancelled) return { kind: 'cancelled' };
  const path = at.base === '' ? id : `${at.base}/${id}`;
  const mark = at.mark.step(path);
  if (mark.outcome !== undefined) return mark.outcome;
  const entry = at.run.enter(path, kind);
  const before = at.run.returned;
  const inner = { ...at, base: path, mark, place: [...at.place, at.run.nextPlace()] };
  const found = placed(await pinned(kind, inner, work), path);
  const ending = at.run.returned === before ? undefined : at.run.returned;
  const outcome = at.base === '' ? whole(at, found) : found;
  entry.status = statusOf(outcome);
  entry.output = outcome.kind === 'success' ? outcome.output : null;
  // A return ends what it is in: to the steps around it, it was cancelled.
  const told: Outcome = ending !== undefined && at.base !== '' ? { kind: 'cancelled' } : outcome;
  mark.end(told);
  return told;
}

/** While these are open the run stays in this history. */
const PINS = ['agent', 'mailbox'];

async function pinned(kind: string, at: At, work: Body): Promise<Outcome> {
  const pins = PINS.includes(kind) ? 1 : 0;
  at.run.pinned += pins;
  const outcome = await guarded(at, work);
  at.run.pinned -= pins;
  return outcome;
}

/** How the outermost step ends: by a return in it, by being stuck, or by itself. */
function whole({ run }: At, found: Outcome): Outcome {
  if (run.returned !== undefined) return success(run.returned.output);
  return run.stuck === undefined ? found : { kind: 'failure', error: run.stuck };
}

async function guarded(at: At, work: Body): Promise<Outcome> {
  try {
    return await work(at);
  } catch (thrown) {
    const error = evaluationError(thrown);
    if (error !== undefined) return failure(error.code, error.category, error.message);
    if (isCancellation(thrown)) return { kind: 'cancelled' };
    throw thrown;
  }
}

function placed(outcome: Outcome, path: string): Outcome {
  if (outcome.kind !== 'failure' || outcome.error.path !== '') return outcome;
  return { kind: 'failure', error: { ...outcome.error, path } };
}

function statusOf(outcome: Outcome): 'succeeded' | 'failed' | 'cancelled' {
  if (outcome.kind === 'success') return 'succeeded';
  return outcome.kind === 'failure' ? 'failed' : 'cancelled';
}

/** In order, stops at the first failure; an empty one succeeds with null. */
export async function sequence(at: At, children: Body[]): Promise<Outcome> {
  let last = success(null);
  for (const child of children) {
    last = await child(at);
    if (last.kind !== 'success') return last;
  }
  return withoutHandle(last);
}

/** In order, stops at the first success; an empty one fails. */
export async function select(at: At, children: Body[]): Promise<Outcome> {
  let last = failure('NO_CHILD_SUCCEEDED', 'verdict', 'no child succeeded');
  for (const child of children) {
    last = await child(at);
    if (last.kind !== 'failure') return withoutHandle(last);
  }
  return last;
}

function withoutHandle(outcome: Outcome): Outcome {
  return outcome.kind === 'success' ? success(outcome.output) : outcome;
}

/** The first case whose condition holds, else `otherwise`, else success with null. */
export async function branch(at: At, cases: Case[], otherwise?: Way): Promise<Outcome> {
  const kept = at.mark.kept.get('case');
  const found = typeof kept === 'number' ? kept : await chosen(at, cases);
  if (found === 'cancelled') return { kind: 'cancelled' };
  at.mark.kept.set('case', found);
  const way = cases[found]?.then ?? otherwise;
  return way === undefined ? success(null) : take(at, way);
}

/** The place of the first case whose condition holds, else how many there are. */
async function chosen(at: At, cases: Case[]): Promise<number | 'cancelled'> {
  for (const [place, { when }] of cases.entries()) {
    const held = await holds(at, when);
    if (held === 'cancelled') return held;
    if (held) return place;
  }
  return cases.length;
}

async function holds(at: At, when: Case['when']): Promise<boolean | 'cancelled'> {
  if (typeof when === 'function') return when(at);
  const outcome = await when.region(at);
  return outcome.kind === 'cancelled' ? 'cancelled' : outcome.kind === 'success';
}

/** A way's own handle stands before the one its body left by. */
async function take(at: At, way: Way): Promise<Outcome> {
  if (way.body === undefined) return success(data(at), way.handle);
  const outcome = await way.body(at);
  return outcome.kind === 'success' ? success(outcome.output, way.handle ?? outcome.handle) : outcome;
}

/** What flows into a step: the nearest graph node's input, else the run's. */
export function data(at: At): Json {
  return at.data === undefined ? at.run.input : at.data;
}
