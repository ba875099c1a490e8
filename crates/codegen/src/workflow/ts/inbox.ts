// Signals that have come and steps that wait for them.
import type { Json } from './value';

/** How many signals, and how many characters of them, are kept for steps that do not wait yet. */
const MOST = 1_000;
const CHARACTERS = 1_048_576;

export type Waiter = { payload: Json | undefined };

export class Inbox {
  private readonly kept = new Map<string, Json[]>();
  private readonly waiters = new Map<string, Waiter[]>();
  private characters = 0;

  /** The step that has waited longest gets it, else it is kept; false where there is no room. */
  deliver(name: string, payload: Json): boolean {
    const waiter = this.waiters.get(name)?.shift();
    if (waiter !== undefined) waiter.payload = payload;
    return waiter !== undefined || this.keep(name, payload);
  }

  private keep(name: string, payload: Json): boolean {
    const list = this.kept.get(name) ?? [];
    const characters = JSON.stringify(payload).length;
    if (list.length >= MOST || this.characters + characters > CHARACTERS) return false;
    this.kept.set(name, [...list, payload]);
    this.characters += characters;
    return true;
  }

  /** All that is kept, by name, the oldest first. */
  left(): [string, Json[]][] {
    return [...this.kept];
  }

  /** The oldest that was kept. */
  take(name: string): Json | undefined {
    const payload = this.kept.get(name)?.shift();
    if (payload !== undefined) this.characters -= JSON.stringify(payload).length;
    return payload;
  }

  wait(name: string): Waiter {
    const waiter: Waiter = { payload: undefined };
    this.waiters.set(name, [...(this.waiters.get(name) ?? []), waiter]);
    return waiter;
  }

  leave(name: string, waiter: Waiter): void {
    this.waiters.set(name, (this.waiters.get(name) ?? []).filter((one) => one !== waiter));
  }
}
