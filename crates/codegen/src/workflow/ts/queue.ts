// Messages that wait for a handler of a mailbox.
import type { Message } from './threads';

export type Scheduling = 'breadth-first' | 'depth-first';

/**
 * Messages in the order they go out. What follows from one cause stays together, behind all others in a breadth-first
 * mailbox and before them in a depth-first one.
 */
export class Queue {
  private messages: Message[] = [];

  add(batch: Message[], scheduling: Scheduling): void {
    this.messages = scheduling === 'breadth-first' ? [...this.messages, ...batch] : [...batch, ...this.messages];
  }

  /** Takes the first message to a listener that `accepts` one. */
  take(accepts: (listener: number) => boolean): Message | undefined {
    const place = this.messages.findIndex((message) => accepts(message.thread.listener));
    return place < 0 ? undefined : this.messages.splice(place, 1)[0];
  }

  get isEmpty(): boolean {
    return this.messages.length === 0;
  }
}
