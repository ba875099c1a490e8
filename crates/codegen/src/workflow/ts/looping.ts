// Loops. Each iteration is entered below its own index, and remembers nothing of the one before.
import { CancellationScope, workflowInfo } from '@temporalio/workflow';
import { write } from './pure';
import { endless, failure, success } from './run';
import type { At, Body, Compute, Outcome, Test } from './run';
import { counted, handOver, isJson, isNumber, latch } from './resume';
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
  /** Hands the run over to a fresh history after as many iterations. */
  continueAsNew?: number;
  /** Ways out of the body that end the loop. */
  exits?: string[];
};

/** Leaves by `done` when it has run its course; a failed iteration fails it. */
export async function loop(at: At, what: Loop, body: Body): Promise<Outcome> {
  const number = (key: string, compute?: (at: At) => number): number | undefined =>
    compute === undefined ? undefined : latch(at, key, () => compute(at), isNumber);
  const { items: list } = what;
  const max = number('max', what.max);
  const items = list === undefined ? undefined : latch(at, 'items', () => list(at), isJson);
  if (items !== undefined && !Array.isArray(items)) {
    return failure('NOT_A_LIST', 'verdict', `expected a list to go through, found ${shown(items)}`);
  }
  items?.forEach((item) => kept(item));
  const count = number('count', what.count) ?? items?.length;
  return new Rounds(at, what, body, { max, count, items }).run();
}

type Bounds = { max: number | undefined; count: number | undefined; items: Json[] | undefined };

/** A loop at work. */
class Rounds {
  private readonly scope = new CancellationScope();
  private readonly outputs: Map<number, Json>;
  private last: Json;
  private next: number;
  private running = 0;
  /** The iterations under way. */
  private readonly open: Set<number>;
  /** How the loop ends, once that is decided. */
  private ending: Outcome | undefined;

  constructor(
    private readonly at: At,
    private readonly what: Loop,
    private readonly body: Body,
    private readonly bounds: Bounds,
  ) {
    this.next = counted(at, 'next');
    this.last = at.mark.kept.get('last') ?? null;
    this.open = new Set(numbers(at.mark.kept.get('open')));
    this.outputs = new Map([...at.mark.kept].flatMap(([key, output]) => (OUTPUT.test(key) ? [[Number(key), output]] : [])));
  }

  run(): Promise<Outcome> {
    // Those that were under way in the history before.
    const begun = [...this.open].map((index) => this.enter(index));
    while (begun.length < (this.what.concurrency ?? 1)) {
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
    const index = this.next;
    this.next += 1;
    this.open.add(index);
    this.keep();
    if (this.what.itemVar !== undefined) write(this.at, this.what.itemVar, this.item(index));
    if (this.what.indexVar !== undefined) write(this.at, this.what.indexVar, index);
    return this.enter(index);
  }

  private item(index: number): Json {
    return this.bounds.items?.[index] ?? null;
  }

  /** Every iteration is a fresh instance. */
  private enter(index: number): At {
    this.running += 1;
    const base = `${this.at.base}[${index}]`;
    return { ...this.at, base, item: this.item(index), index, memory: this.at.mark.instance(base) };
  }

  private keep(): void {
    const { kept } = this.at.mark;
    kept.set('next', this.next);
    kept.set('open', [...this.open]);
    kept.set('last', this.last);
  }

  /** An iteration has ended and the loop goes on. */
  private leave(index: number): void {
    this.open.delete(index);
    this.at.mark.drop(`${this.at.base}[${index}]`);
    this.keep();
  }

  /** Whether the run is to go on in a fresh history first. */
  private get overdue(): boolean {
    if (this.running > 0 || this.ending !== undefined) return false;
    const period = this.what.continueAsNew;
    return (period !== undefined && this.next % period === 0) || workflowInfo().continueAsNewSuggested;
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
      this.leave(inner.index ?? 0);
      if (this.overdue) await handOver(this.at.run);
    }
  }

  /** How the iteration ends the loop; nothing where it goes on. */
  private async iterate(inner: At): Promise<Outcome | undefined> {
    const { kept } = this.at.mark;
    const held = kept.get('held') === inner.index ? 'yes' : await this.holds(inner);
    if (held !== 'yes') return held === 'no' ? this.done() : held;
    if (this.what.holds !== undefined) kept.set('held', inner.index ?? 0);
    this.last = null;
    const outcome = await this.body(inner);
    if (outcome.kind !== 'success') return outcome;
    const { handle, output } = outcome;
    if (handle !== undefined && this.what.exits?.includes(handle) === true) return success(output, handle);
    if (this.what.collect === true) this.collect(inner.index ?? 0, output);
    this.last = output;
    return undefined;
  }

  private collect(index: number, output: Json): void {
    this.outputs.set(index, output);
    this.at.mark.kept.set(`${index}`, output);
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

/** Outputs are kept under their index. */
const OUTPUT = /^[0-9]+$/;

function numbers(value: Json | undefined): number[] {
  return Array.isArray(value) ? value.filter(isNumber) : [];
}
