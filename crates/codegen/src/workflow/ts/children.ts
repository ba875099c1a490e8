// Steps that run side by side, each of which can be ended on its own.
import { CancellationScope } from '@temporalio/workflow';
import type { Outcome } from './run';
import { abreast } from './turns';

/** What is to be done as the child at this place. */
export type Work = { slot: number; work: () => Promise<Outcome> };
export type Ended = { slot: number; outcome: Outcome };

/** The children of one region: started in turn, taken back one by one as they end. */
export class Children {
  private readonly scopes = new Map<number, CancellationScope>();
  private readonly ended: Ended[] = [];
  private broken: { thrown: unknown } | undefined;
  private wake: () => void = () => undefined;

  /** How many have begun, or are about to, and have not ended. */
  get open(): number {
    return this.scopes.size;
  }

  /** Starts them, the first first. One that is ended before its turn comes is never entered. */
  start(works: Work[]): void {
    const begun = works.map(({ slot, work }) => {
      const scope = new CancellationScope();
      this.scopes.set(slot, scope);
      return () => this.follow(slot, scope, work);
    });
    for (const done of abreast(begun)) void done;
  }

  private async follow(slot: number, scope: CancellationScope, work: () => Promise<Outcome>): Promise<void> {
    try {
      const outcome: Outcome = scope.consideredCancelled ? { kind: 'cancelled' } : await scope.run(work);
      this.ended.push({ slot, outcome });
    } catch (thrown) {
      this.broken = { thrown };
    }
    this.scopes.delete(slot);
    this.wake();
  }

  /** Asks one to end. */
  end(slot: number): void {
    this.scopes.get(slot)?.cancel();
  }

  endAll(): void {
    for (const scope of this.scopes.values()) scope.cancel();
  }

  /** The next that has ended; nothing once none is left. */
  async next(): Promise<Ended | undefined> {
    while (this.ended.length === 0 && this.broken === undefined && this.scopes.size > 0) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    if (this.broken !== undefined) throw this.broken.thrown;
    return this.ended.shift();
  }

  /** Ends all and comes back when the last has ended. */
  async close(): Promise<void> {
    this.endAll();
    for (let left = await this.next(); left !== undefined; ) left = await this.next();
  }
}
