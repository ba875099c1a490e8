// Who is in a mailbox, and who may write to whom.
import type { Scheduling } from './queue';
import type { Body } from './run';

export type Listener = {
  name: string;
  /** Other names it shares with the like: a message to the name reaches every one, in order. */
  groups: string[];
  agent: boolean;
  peers: string[];
  /** The `kind` of messages it takes. */
  payloadClass?: string;
  handler?: Body;
  /** What the flow calls its handler, where nothing is bound to it. */
  binding?: string;
};

export type Rules = {
  /** The listener a message without a target goes to. */
  entry?: string;
  scheduling: Scheduling;
  maxMessages: number;
  maxConcurrent: number;
  maxConcurrentPerAgent: number;
  contextSlots: number;
};

/** A mailbox as it was written. Listeners are called by their places. */
export class Plan {
  readonly scheduling: Scheduling;
  readonly maxMessages: number;
  readonly maxConcurrent: number;
  readonly maxConcurrentPerAgent: number;
  readonly contextSlots: number;
  /** Whom a message without a target goes to. */
  readonly entry: number | undefined;
  private readonly targets = new Map<string, number[]>();

  constructor(
    readonly listeners: Listener[],
    rules: Rules,
  ) {
    this.scheduling = rules.scheduling;
    this.maxMessages = rules.maxMessages;
    this.maxConcurrent = Math.max(1, rules.maxConcurrent);
    this.maxConcurrentPerAgent = Math.max(1, rules.maxConcurrentPerAgent);
    this.contextSlots = rules.contextSlots;
    const entry = listeners.findIndex(({ name }) => name === rules.entry);
    this.entry = entry < 0 ? undefined : entry;
    listeners.forEach(({ name, groups }, place) => [name, ...groups].forEach((target) => this.add(target, place)));
  }

  private add(target: string, place: number): void {
    const places = this.targets.get(target);
    if (places === undefined) this.targets.set(target, [place]);
    else places.push(place);
  }

  /**
   * The listeners `sender` may reach under a name; nothing where the name is unknown or not its to use. Nobody may
   * send without having the name as a peer, except to itself.
   */
  reach(sender: number, name: string): number[] | undefined {
    const listener = this.listeners[sender];
    const allowed = listener?.name === name || listener?.peers.includes(name) === true;
    return allowed ? this.targets.get(name) : undefined;
  }

  /** The listeners a message from outside may go to under a name: agents and the entry. */
  reachFromOutside(name: string): number[] | undefined {
    const found = this.targets.get(name);
    const open = (place: number): boolean => place === this.entry || this.listeners[place]?.agent === true;
    return found?.every(open) === true ? found : undefined;
  }
}
