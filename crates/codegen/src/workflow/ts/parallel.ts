// All children at once.
import { CancellationScope } from '@temporalio/workflow';
import { failure, success } from './run';
import type { At, Body, Memory, Outcome, StepError } from './run';
import { abreast } from './turns';
import type { Json } from './value';
import { bounded } from './weight';

export type Rule = {
  strategy: 'all' | 'any';
  success?: (at: At) => number;
  failure?: (at: At) => number;
  /** How many children may run at the same time. */
  limit?: number;
  /** Ends the rest once the verdict cannot change. */
  early?: boolean;
  /** Remembers what succeeded for the next time it is entered, under this name. */
  memory?: string;
};

/** The verdict looks at the success threshold, then the failure threshold, then the strategy. */
export function parallel(at: At, children: Body[], rule: Rule): Promise<Outcome> {
  return new Lanes(at, children, rule).run();
}

/** A parallel at work. */
class Lanes {
  private readonly scope = new CancellationScope();
  private readonly outputs: Json[];
  private readonly remembered: Map<number, Json> | undefined;
  private readonly needed: number | undefined;
  private readonly allowed: number | undefined;
  private next = 0;
  private succeeded = 0;
  private failed = 0;
  private firstError: StepError | undefined;
  private verdict: Outcome | undefined;

  constructor(
    private readonly at: At,
    private readonly children: Body[],
    private readonly rule: Rule,
  ) {
    this.outputs = children.map(() => null);
    this.needed = rule.success?.(at);
    this.allowed = rule.failure?.(at);
    this.remembered = rule.memory === undefined ? undefined : memoryOf(at.memory, rule.memory);
  }

  run(): Promise<Outcome> {
    return this.scope.run(async () => {
      const slots = this.opening(Math.min(this.children.length, this.rule.limit ?? this.children.length));
      this.decideEarly();
      if (this.verdict === undefined) await Promise.all(abreast(slots.map((slot) => () => this.lane(slot))));
      return this.verdict ?? this.judged();
    });
  }

  /** The first children to run; those whose result is remembered count at once. */
  private opening(most: number): number[] {
    const slots: number[] = [];
    while (slots.length < most) {
      const slot = this.take();
      if (slot === undefined) break;
      slots.push(slot);
    }
    return slots;
  }

  /** The next child that has to run. */
  private take(): number | undefined {
    while (this.next < this.children.length) {
      const slot = this.next;
      this.next += 1;
      const output = this.remembered?.get(slot);
      if (output === undefined) return slot;
      this.succeeded += 1;
      this.outputs[slot] = output;
    }
    return undefined;
  }

  private async lane(first: number): Promise<void> {
    for (let slot: number | undefined = first; slot !== undefined; slot = this.take()) {
      if (this.verdict !== undefined) return;
      const outcome = await this.children[slot]?.(this.at);
      if (outcome !== undefined) this.note(slot, outcome);
      this.decideEarly();
    }
  }

  private note(slot: number, outcome: Outcome): void {
    if (outcome.kind === 'success') {
      this.succeeded += 1;
      this.outputs[slot] = outcome.output;
      this.remembered?.set(slot, outcome.output);
      return;
    }
    this.failed += 1;
    if (outcome.kind === 'failure') this.firstError ??= outcome.error;
  }

  private decideEarly(): void {
    const left = this.children.length - this.succeeded - this.failed;
    const best = this.passes(this.succeeded + left, this.failed);
    if (this.rule.early !== true || this.verdict !== undefined) return;
    if (best !== this.passes(this.succeeded, this.failed + left)) return;
    this.verdict = this.judged();
    if (left > 0) this.scope.cancel();
  }

  private passes(succeeded: number, failed: number): boolean {
    if (this.children.length === 0 || (this.needed !== undefined && succeeded >= this.needed)) return true;
    if (this.allowed !== undefined && failed >= this.allowed) return false;
    return this.rule.strategy === 'all' ? failed === 0 : succeeded > 0;
  }

  private judged(): Outcome {
    if (this.scope.consideredCancelled && this.verdict === undefined) return { kind: 'cancelled' };
    const left = this.children.length - this.succeeded - this.failed;
    if (this.passes(this.succeeded, this.failed + left)) return success(bounded([...this.outputs]));
    if (this.firstError !== undefined) return { kind: 'failure', error: this.firstError };
    const message = `${this.succeeded} of ${this.children.length} children succeeded`;
    return failure('PARALLEL_FAILED', 'verdict', message);
  }
}

/** What a region remembers of its settled children. */
export function memoryOf(memory: Map<string, Memory>, region: string): Map<number, Json> {
  const found = memory.get(region);
  if (found?.kind === 'children') return found.outputs;
  const outputs = new Map<number, Json>();
  memory.set(region, { kind: 'children', outputs });
  return outputs;
}
