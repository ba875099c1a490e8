// A mailbox: listeners that send each other messages within threads, until none is queued or in work.
import { CancellationScope } from '@temporalio/workflow';
import { ROUTING_MESSAGE } from './letters';
import { Plan } from './listeners';
import type { Listener, Rules } from './listeners';
import { member, textMember } from './reply';
import { Rounds } from './rounds';
import { failure, success } from './run';
import type { At, Outcome } from './run';
import { Seat } from './seat';
import type { PeerCall } from './seat';
import { data } from './steps';
import type { Delivery, Message } from './threads';
import { nudge, todoTools } from './todos';
import { abreast } from './turns';
import type { Json } from './value';

/** Thread `t3` is the fourth that was opened; the n-th message to its listener is handled below `t3/listener[n]`. */
export async function mailbox(at: At, listeners: Listener[], rules: Rules): Promise<Outcome> {
  const plan = new Plan(listeners, rules);
  const given = data(at);
  const [to, payload] = [textMember(given, 'to'), member(given, 'payload')];
  const isAddressed = to !== undefined && payload !== undefined;
  const entry = plan.entry === undefined ? undefined : [plan.entry];
  const reached = isAddressed ? plan.reachFromOutside(to) : entry;
  if (reached === undefined) return failure('ROUTING', 'input', ROUTING_MESSAGE);
  return new Office(at, plan).open(reached, isAddressed ? payload : given);
}

/** A mailbox at work. */
class Office {
  readonly rounds: Rounds;
  private readonly scope = new CancellationScope();
  /** Handlers that have not ended. */
  private working = 0;
  /** Handlers that count against the limits: all but agents that wait for a peer. */
  private readonly busy: number[];
  /** Decided, while the handlers are being ended. */
  private closing: Outcome | undefined;
  private end: (outcome: Outcome) => void = () => undefined;
  private fail: (thrown: unknown) => void = () => undefined;
  private readonly ended = new Promise<Outcome>((resolve, reject) => {
    [this.end, this.fail] = [resolve, reject];
  });

  constructor(
    private readonly at: At,
    readonly plan: Plan,
  ) {
    this.busy = plan.listeners.map(() => 0);
    this.rounds = new Rounds(plan, {
      suspended: (listener) => this.count(listener, -1),
      resumed: (listener) => this.count(listener, 1),
    });
  }

  get isClosing(): boolean {
    return this.closing !== undefined || this.scope.consideredCancelled;
  }

  /** A message from outside, and all that follows from it. */
  open(listeners: number[], payload: Json): Promise<Outcome> {
    return this.scope.run(() => {
      this.rounds.outside(listeners, payload);
      this.goOn();
      return this.ended;
    });
  }

  /** After a round: starts what may start, or ends the mailbox. */
  goOn(): void {
    this.rounds.finish();
    const error = this.rounds.failure;
    if (error !== undefined) return this.close({ kind: 'failure', error });
    this.startMore();
    if (this.working === 0) this.end(success(output(this.rounds.outputs)));
  }

  /** Decides the outcome and ends all handlers first. The first decision stands. */
  private close(outcome: Outcome): void {
    this.closing ??= outcome;
    this.scope.cancel();
    if (this.working === 0) this.end(this.closing);
  }

  /** Starts handlers for queued messages, as many as the limits let work at once. */
  private startMore(): void {
    const begun: (() => Promise<void>)[] = [];
    for (let message = this.take(); message !== undefined; message = this.take()) begun.push(this.begin(message));
    // Whoever the round is of, handlers are the mailbox's own.
    void this.scope.run(async () => abreast(begun).forEach((done) => void done.catch(this.fail)));
  }

  private take(): Message | undefined {
    if (this.busy.reduce((sum, count) => sum + count, 0) >= this.plan.maxConcurrent) return undefined;
    return this.rounds.queue.take((listener) => {
      const isFull = (this.busy[listener] ?? 0) >= this.plan.maxConcurrentPerAgent;
      return this.plan.listeners[listener]?.agent !== true || !isFull;
    });
  }

  private begin(message: Message): () => Promise<void> {
    const { thread, index } = message;
    const delivery = { thread, waiting: 0, isOver: false };
    this.working += 1;
    this.count(thread.listener, 1);
    const seen = thread.seen;
    this.rounds.begun(message);
    const name = this.plan.listeners[thread.listener]?.name ?? '';
    const base = `${this.at.base}/${thread.name}/${segment(name)}[${index}]`;
    const seat = new Place(this, delivery, seen);
    const todos = nudge(thread.todos);
    const value = todos === undefined ? message.letter.value : { ...message.letter.value, todoNudge: todos };
    const at = { ...this.at, base, message: value, thread: seat, memory: new Map() };
    return async () => {
      const outcome = await this.handle(at, thread.listener);
      this.at.mark.drop(base);
      this.handled(delivery, outcome);
    };
  }

  private async handle(at: At, listener: number): Promise<Outcome> {
    // What was to begin when the mailbox ended does not.
    if (this.isClosing) return { kind: 'cancelled' };
    const known = this.plan.listeners[listener];
    return known?.handler?.(at) ?? unbound(at.base, known);
  }

  private handled(delivery: Delivery, outcome: Outcome): void {
    this.working -= 1;
    delivery.isOver = true;
    if (this.closing !== undefined || outcome.kind === 'cancelled') return this.close({ kind: 'cancelled' });
    if (delivery.waiting === 0) this.count(delivery.thread.listener, -1);
    this.rounds.handled(delivery, outcome);
    this.goOn();
  }

  private count(listener: number, by: number): void {
    this.busy[listener] = (this.busy[listener] ?? 0) + by;
  }
}

/** One value, or a list. */
function output(outputs: Json[]): Json {
  return outputs.length > 1 ? outputs : (outputs[0] ?? null);
}

/** A name as one segment of a path. */
function segment(name: string): string {
  return name.replaceAll(/[%/[\]]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

function unbound(path: string, listener: Listener | undefined): Outcome {
  const name = listener?.name ?? '';
  const message = `nothing is bound to \`${listener?.binding ?? name}\`, the handler of \`${name}\``;
  const error = { code: 'UNBOUND_HANDLER', category: 'input', message, retryable: false, path, detail: null };
  return { kind: 'failure', error };
}

/** Where a handler stands: its thread, with the messages that were there before its own. */
class Place extends Seat {
  constructor(
    private readonly office: Office,
    private readonly delivery: Delivery,
    private readonly seen: number,
  ) {
    super();
  }

  get(key: string): Json | undefined {
    const { thread } = this.delivery;
    const { listeners, contextSlots } = this.office.plan;
    if (key === 'id') return thread.name;
    if (key === 'chain') return thread.chain().map((listener) => listeners[listener]?.name ?? '');
    if (key === 'history') return thread.until(this.seen, contextSlots);
    return key === 'todos' ? thread.todos.map((todo) => todo.value()) : undefined;
  }

  all(): Json {
    const members = ['id', 'chain', 'history', 'todos'].map((key): [string, Json] => [key, this.get(key) ?? null]);
    return Object.fromEntries(members);
  }

  reminder(): string | undefined {
    return nudge(this.delivery.thread.todos);
  }

  call(calls: PeerCall[]): (Promise<Json> | undefined)[] {
    if (this.delivery.isOver || this.office.isClosing) return calls.map(() => undefined);
    const asked = calls.map(({ peer, args }) => this.office.rounds.call(this.delivery, peer, args));
    this.office.goOn();
    return asked.map((answers) => answers && together(answers));
  }

  tools(): Json[] {
    return todoTools();
  }

  todo(tool: string, args: Json): Json | undefined {
    const { thread } = this.delivery;
    if (tool === 'todo') return { id: this.office.rounds.note(thread, args) ?? null };
    if (tool !== 'todoDone') return undefined;
    const id = textMember(args, 'id') ?? '';
    return { id, wasRaised: this.office.rounds.strike(thread, id) ?? null };
  }
}

/** The answer of one, or the list of all answers. */
async function together(answers: Promise<Json>[]): Promise<Json> {
  const given = await Promise.all(answers);
  return given.length === 1 ? (given[0] ?? null) : given;
}
