// Sequences and selects that remember what they have behind them, or look at it again when something has changed.
import { CancellationScope, condition } from '@temporalio/workflow';
import { Children } from './children';
import type { Ended } from './children';
import { endless, failure, success } from './run';
import type { At, Body, Outcome, Run, Watcher, Within } from './run';
import type { Scope } from './scope';
import { atRest } from './turns';
import type { Json } from './value';

/** A sequence stops at the first failure, a select at the first success; otherwise they are the same. */
export type Manner = 'sequence' | 'select';

/** How a region ends that has gone through all its children without stopping. */
function atTheEnd(manner: Manner, last: Outcome | undefined): Outcome {
  if (last !== undefined) return last;
  return manner === 'sequence' ? success(null) : failure('NO_CHILD_SUCCEEDED', 'verdict', 'no child succeeded');
}

function goesOn(manner: Manner, outcome: Outcome): boolean {
  return outcome.kind === (manner === 'sequence' ? 'success' : 'failure');
}

function withoutHandle(outcome: Outcome): Outcome {
  return outcome.kind === 'success' ? success(outcome.output) : outcome;
}

/** In order; children this instance has behind it are not run again: succeeded ones of a sequence, failed ones of a select. */
export async function remembering(at: At, manner: Manner, key: string, children: Body[]): Promise<Outcome> {
  const behind = outputs(at, key);
  let last: Outcome | undefined;
  for (const [slot, child] of children.entries()) {
    const output = behind.get(slot);
    if (output !== undefined) {
      last = manner === 'sequence' ? success(output) : last;
      continue;
    }
    last = withoutHandle(await child(at));
    if (!goesOn(manner, last)) return last;
    behind.set(slot, last.kind === 'success' ? last.output : null);
  }
  return atTheEnd(manner, last);
}

function outputs(at: At, key: string): Map<number, Json> {
  const kept = at.memory.get(key);
  if (kept?.kind === 'children') return kept.outputs;
  const made = new Map<number, Json>();
  at.memory.set(key, { kind: 'children', outputs: made });
  return made;
}

/** In order; those behind the child that runs are its guards, and looked at again when something has changed. */
export async function reactive(at: At, manner: Manner, children: Body[]): Promise<Outcome> {
  return new Guarded(at, manner, children).run();
}

class Guarded implements Watcher {
  private readonly children = new Children();
  private readonly returned: unknown;
  private ending: Outcome | undefined;
  /** The child that runs or ran last. */
  private current = 0;
  /** How often the region was gone through from its first child. */
  private pass = 0;
  /** The guard that is being looked at again. */
  private check: number | undefined;
  /** What the running child gave meanwhile. */
  private held: Outcome | undefined;
  /** Something visible has changed since the guards were looked at. */
  private dirty = false;
  /** The running child itself has changed something: it counts once the child waits. */
  private own = false;
  /** The turn in which the running child was entered. */
  private since: number;

  constructor(
    private readonly at: At,
    private readonly manner: Manner,
    private readonly bodies: Body[],
  ) {
    this.returned = at.run.returned;
    this.since = at.run.turn;
  }

  async run(): Promise<Outcome> {
    const { watchers } = this.at.run;
    watchers.add(this);
    try {
      this.advance(0);
      return await this.outcome();
    } finally {
      watchers.delete(this);
    }
  }

  private async outcome(): Promise<Outcome> {
    for (;;) {
      const ended = await this.children.next();
      if (ended === undefined && this.ending !== undefined) return this.ending;
      // All that ran has ended, but its guards are still to be looked at again.
      if (ended === undefined) await condition(() => this.children.open > 0 || this.ending !== undefined);
      else this.told(ended);
    }
  }

  private told({ slot, outcome }: Ended): void {
    if (this.isCancelled()) this.close({ kind: 'cancelled' });
    if (this.ending === undefined) this.ended(slot, outcome);
  }

  private isCancelled(): boolean {
    return CancellationScope.current().consideredCancelled || this.at.run.returned !== this.returned;
  }

  /** The first decision stands; what still runs is ended. */
  private close(outcome: Outcome): void {
    this.ending ??= withoutHandle(outcome);
    this.children.endAll();
  }

  private advance(next: number, last?: Outcome): void {
    if (next >= this.bodies.length) return this.close(atTheEnd(this.manner, last));
    // What a guard wrote before anything had to be waited for is its own writing.
    if (this.own && this.since !== this.at.run.turn) this.mark();
    this.own = false;
    [this.current, this.since] = [next, this.at.run.turn];
    this.spawn(next);
  }

  private spawn(slot: number): void {
    const [base, within] = [`${this.at.base}[${this.pass}]`, { region: this, slot, around: this.at.within }];
    const work = async (): Promise<Outcome> =>
      this.bodies[slot]?.({ ...this.at, base, within }) ?? { kind: 'cancelled' };
    this.children.start([{ slot, work }]);
  }

  private ended(slot: number, outcome: Outcome): void {
    if (this.check === slot) this.checked(slot, outcome);
    else if (this.check === undefined) this.settled(slot, outcome);
    else this.held = outcome;
  }

  private settled(slot: number, outcome: Outcome): void {
    if (goesOn(this.manner, outcome)) this.advance(slot + 1, withoutHandle(outcome));
    else this.close(outcome);
  }

  /** A guard was looked at again. One that no longer holds ends what runs behind it, with its own outcome. */
  private checked(slot: number, outcome: Outcome): void {
    if (!goesOn(this.manner, outcome)) return this.close(outcome);
    const next = slot + 1;
    this.check = next < this.current ? next : undefined;
    if (this.check !== undefined) return this.spawn(next);
    if (this.due) return this.ask();
    const held = this.held;
    this.held = undefined;
    if (held !== undefined) this.settled(this.current, held);
  }

  written(scope: Scope, within: Within | undefined): void {
    if (!this.at.scope.sees(scope)) return;
    const child = this.childOf(within);
    if (child === undefined) this.signalled();
    else if (child === this.current && child > 0) {
      this.own = true;
      this.ask();
    }
  }

  /** The child of this region that a step within `within` is in. */
  private childOf(within: Within | undefined): number | undefined {
    if (within === undefined) return undefined;
    return within.region === this ? within.slot : this.childOf(within.around);
  }

  /** Something has changed while a later child waits. */
  signalled(): void {
    if (this.current > 0) this.mark();
  }

  private mark(): void {
    this.dirty = true;
    this.ask();
  }

  /** Whether the guards are to be looked at again. */
  get due(): boolean {
    return this.check === undefined && this.ending === undefined && (this.dirty || this.own);
  }

  private ask(): void {
    atRest(() => recheck(this.at.run));
  }

  recheck(): void {
    if (!this.at.run.countIdle()) return this.close(endless('the guards of this region are checked over and over'));
    this.pass += 1;
    this.check = 0;
    this.dirty = false;
    this.own = false;
    this.spawn(0);
  }
}

/** Looks at the guards of the first region where they are due. */
function recheck(run: Run): void {
  const guarded = [...run.watchers].filter((watcher) => watcher instanceof Guarded);
  guarded.find((region) => region.due)?.recheck();
}
