// Threads of a mailbox: one listener that was called once, with everything that comes back to it.
import type { Letter } from './letters';
import type { Todo } from './todos';
import type { Json } from './value';

/** The context of one thread, in bytes. */
const CONTEXT_BYTES = 4 * 1_048_576;

/** Where an answer goes: out of the mailbox, to the parent thread's listener, or to an agent's tool call. */
export type Caller =
  | { kind: 'outside' }
  | { kind: 'parent' }
  | { kind: 'call'; delivery: Delivery; answer: (value: Json) => void };

/** A message on its way, the n-th to its listener in its thread. */
export type Message = { thread: Thread; index: number; letter: Letter };

/** A message being handled; `waiting` counts the answers from peers its agent waits for. */
export type Delivery = { thread: Thread; waiting: number; isOver: boolean };

/** A frame of conversation. */
export class Thread {
  /** Messages to the listener so far; the index of the next one. */
  messages = 0;
  /** Messages queued or being handled. */
  load = 0;
  /** Live threads this one has opened. */
  children = 0;
  /** Whether the call it was opened for has its answer. */
  answered = false;
  /** Messages handled and sent in this thread, the oldest first, and how many were forgotten before them. */
  private history: Letter[] = [];
  private forgotten = 0;
  /** What the history weighs. */
  bytes = 0;
  todos: Todo[] = [];

  constructor(
    readonly number: number,
    readonly parent: Thread | undefined,
    readonly listener: number,
    readonly caller: Caller,
  ) {}

  get name(): string {
    return `t${this.number}`;
  }

  /** The listeners from the one that was called from outside to the one of this thread. */
  chain(): number[] {
    return [...(this.parent?.chain() ?? []), this.listener];
  }

  /** Keeps a message in the context; gives how many bytes there are more now. */
  remember(letter: Letter, slots: number): number {
    const before = this.bytes;
    this.bytes += letter.bytes;
    this.history.push(letter);
    this.forget(slots);
    return this.bytes - before;
  }

  /** Drops the oldest messages that are too many for the context: `slots`, and the one being handled. */
  private forget(slots: number): void {
    const most = slots === 0 ? 0 : slots + 1;
    while (this.history.length > most || this.bytes > CONTEXT_BYTES) {
      const oldest = this.history.shift();
      if (oldest === undefined) return;
      this.bytes -= oldest.bytes;
      this.forgotten += 1;
    }
  }

  /** How many messages were ever kept: what a message handled now has behind it. */
  get seen(): number {
    return this.forgotten + this.history.length;
  }

  /** The last `slots` of the first `seen` messages, as far as they are still there. */
  until(seen: number, slots: number): Json[] {
    const end = Math.max(0, seen - this.forgotten);
    return this.history.slice(Math.max(0, end - slots), end).map((letter) => letter.value);
  }
}
