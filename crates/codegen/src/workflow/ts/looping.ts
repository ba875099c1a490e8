// Loops. Each iteration is entered below its own index, and remembers nothing of the one before.
import { CancellationScope } from '@temporalio/workflow';
import { write } from './pure';
import { endless, failure, success } from './run';
import type { At, Body, Compute, Outcome, Test } from './run';
import { abreast } from './turns';
import { shown } from './value';
import type { Json } from './value';
import { bounded, kept } from './weight';

export type Loop = {
  /** Checked before each iteration, which it sees. */
  holds?: Test | { region: Body };
  /** Ends after as many iterations. */
  count?: (at: At) => number;
  /** Ends after the last item of this list. */
  items?: Compute;
  /** Variables that also receive the item and its index, and keep the last ones. */
  itemVar?: string;
  indexVar?: string;
  /** How many iterations may run at the same time; one after the other where absent. */
  concurrency?: number;
  /** The most iterations; reaching it fails the loop, or only ends it. */
  max?: (at: At) => number;
  limitIsDone?: boolean;
  /** The output is the list of all outputs, not the last one. */
  collect?: boolean;
  /** Ways out of the body that end the loop. */
  exits?: string[];
};

/** Leaves by `done` when it has run its course; a failed iteration fails it. */
export async function loop(at: At, what: Loop, body: Body): Promise<Outcome> {
  const max = what.max?.(at);
  const items = what.items?.(at);
  if (items !== undefined && !Array.isArray(items)) {
    return failure('NOT_A_LIST', 'verdict', `expected a list to go through, found ${shown(items)}`);
  }
  items?.forEach((item) => kept(item));
  const count = what.count === undefined ? items?.length : what.count(at);
  return new Rounds(at, what, body, { max, count, items }).run();
}

type Bounds = { max: number | undefined; count: number | undefined; items: Json[] | undefined };

/** A loop at work. */
class Rounds {
  private readonly scope = new CancellationScope();
  private readonly outputs = new Map<number, Json>();
  private last: Json = null;
  private next = 0;
  private running = 0;
  /** How the loop ends, once that is decided. */
  private ending: Outcome | undefined;

  constructor(
    private readonly at: At,
    private readonly what: Loop,
    private readonly body: Body,
    private readonly bounds: Bounds,
  ) {}

  run(): Promise<Outcome> {
    const begun: At[] = [];
    for (let lane = 0; lane < (this.what.concurrency ?? 1); lane += 1) {
      const inner = this.begin();
      if (inner === undefined) break;
      begun.push(inner);
    }
    return this.scope.run(async () => {
      const [only, ...others] = begun;
      if (only !== undefined && others.length === 0) await this.lane(only);
      else await Promise.all(abreast(begun.map((inner) => () => this.lane(inner))));
      return this.ending ?? this.done();
    });
  }

  /** The next iteration, unless there is none. */
  private begin(): At | undefined {
    if (this.ending !== undefined || this.next === this.bounds.count) return undefined;
    const limit = this.limit();
    if (limit !== undefined) {
      // Those under way end first.
      if (this.running === 0) this.ending = limit;
      return undefined;
    }
    const [index, item] = [this.next, this.bounds.items?.[this.next] ?? null];
    this.next += 1;
    this.running += 1;
    if (this.what.itemVar !== undefined) write(this.at, this.what.itemVar, item);
    if (this.what.indexVar !== undefined) write(this.at, this.what.indexVar, index);
    return { ...this.at, base: `${this.at.base}[${index}]`, item, index, memory: new Map() };
  }

  private limit(): Outcome | undefined {
    if (!this.at.run.countIdle()) return endless('this loop does not end');
    if (this.next !== this.bounds.max) return undefined;
    if (this.what.limitIsDone === true) return this.done();
    const why = this.what.holds === undefined ? 'loop goes on' : 'condition still holds';
    const message = `the limit of ${this.bounds.max} iterations is reached and the ${why}`;
    return failure('ITERATION_LIMIT', 'verdict', message);
  }

  /** One iteration after the other, as long as there are any. */
  private async lane(first: At): Promise<void> {
    for (let inner: At | undefined = first; inner !== undefined; inner = this.begin()) {
      const outcome = await this.iterate(inner);
      this.running -= 1;
      if (outcome !== undefined) return this.end(outcome);
    }
  }

  /** How the iteration ends the loop; nothing where it goes on. */
  private async iterate(inner: At): Promise<Outcome | undefined> {
    const held = await this.holds(inner);
    if (held !== 'yes') return held === 'no' ? this.done() : held;
    this.last = null;
    const outcome = await this.body(inner);
    if (outcome.kind !== 'success') return outcome;
    const { handle, output } = outcome;
    if (handle !== undefined && this.what.exits?.includes(handle) === true) return success(output, handle);
    if (this.what.collect === true) this.outputs.set(inner.index ?? 0, output);
    this.last = output;
    return undefined;
  }

  private async holds(inner: At): Promise<'yes' | 'no' | Outcome> {
    const { holds } = this.what;
    if (holds === undefined) return 'yes';
    if (typeof holds === 'function') return holds(inner) ? 'yes' : 'no';
    const outcome = await holds.region(inner);
    if (outcome.kind === 'success') return 'yes';
    return outcome.kind === 'failure' && outcome.error.category === 'verdict' ? 'no' : outcome;
  }

  /** The first decision stands; other iterations are ended. */
  private end(outcome: Outcome): void {
    if (this.ending !== undefined) return;
    this.ending = outcome;
    if (this.running > 0) this.scope.cancel();
  }

  private done(): Outcome {
    if (this.what.collect !== true) return success(this.last, 'done');
    const inOrder = [...this.outputs].sort(([a], [b]) => a - b).map(([, output]) => output);
    return success(bounded(inOrder), 'done');
  }
}
