// What follows from one cause in a mailbox: a message from outside, an ended handler, the tool calls of a turn.
import { log } from '@temporalio/workflow';
import { MESSAGE_BYTES, ROUTING_ERROR, actionsOf, fault, refusal, weight } from './letters';
import type { Letter } from './letters';
import type { Listener, Plan } from './listeners';
import { Queue } from './queue';
import type { Outcome, StepError } from './run';
import { Thread } from './threads';
import type { Caller, Delivery, Message } from './threads';
import { TODOS_PER_THREAD, Todo } from './todos';
import type { Json } from './value';
import { errorValue } from './wrap';

/** Everything a mailbox holds, in bytes: messages on their way, contexts, and the output. */
const MAILBOX_BYTES = 64 * 1_048_576;

/** The books of a mailbox: its threads and messages. Threads that nothing can come back to are gone. */
export class Rounds {
  readonly queue = new Queue();
  /** What was sent to the caller outside. */
  readonly outputs: Json[] = [];
  /** Ends the mailbox. */
  failure: StepError | undefined;
  private batch: Message[] = [];
  private answers: (() => void)[] = [];
  private opened = 0;
  private noted = 0;
  private sent = 0;
  private bytes = 0;

  constructor(
    private readonly plan: Plan,
    /** Told of agents that begin to wait for peers, and that have all answers. */
    private readonly work: { suspended(listener: number): void; resumed(listener: number): void },
  ) {}

  /** Queues what was sent, in order, and gives out the answers to tool calls. */
  finish(): void {
    this.queue.add(this.batch, this.plan.scheduling);
    this.batch = [];
    const answers = this.answers.splice(0);
    if (this.failure === undefined) answers.forEach((give) => give());
  }

  /** A message from outside opens a root thread for each of its listeners. */
  outside(listeners: number[], payload: Json): void {
    for (const listener of listeners) {
      this.deliver(this.open(undefined, listener, { kind: 'outside' }), null, this.kindOf(listener), payload);
    }
  }

  /** A message begins to be handled. */
  begun({ thread, letter }: Message): void {
    this.bytes -= letter.bytes;
    this.remember(thread, letter);
  }

  /** A handler has ended. */
  handled({ thread }: Delivery, outcome: Outcome): void {
    if (outcome.kind === 'failure') this.failed(thread, outcome.error);
    if (outcome.kind === 'success') this.act(thread, outcome.output);
    thread.load -= 1;
    this.closeQuiet(thread);
  }

  private act(thread: Thread, output: Json): void {
    const refused = refusal(output);
    if (refused !== undefined) return this.failed(thread, refused);
    for (const action of actionsOf(output)) {
      if (this.failure !== undefined) return;
      if (action.what === 'send') this.send(thread, action.to, action.payload);
      if (action.what === 'respond') this.respond(thread, action.answer);
      if (action.what === 'todo') this.note(thread, action.todo);
      if (action.what === 'todoDone') this.strike(thread, action.id);
    }
  }

  /** To others in a thread of their own, to itself in the same one. */
  private send(thread: Thread, to: string, payload: Json): void {
    const listeners = this.plan.reach(thread.listener, to);
    if (listeners === undefined) return void this.deliver(thread, 'system', 'SystemError', ROUTING_ERROR);
    for (const listener of listeners) {
      const target = listener === thread.listener ? thread : this.open(thread, listener, { kind: 'parent' });
      const letter = this.deliver(target, this.nameOf(thread.listener), this.kindOf(listener), payload);
      if (letter !== undefined && target !== thread) this.remember(thread, letter);
    }
  }

  /** Goes to whoever opened the thread, whatever message is being handled in it. */
  private respond(thread: Thread, answer: Json): void {
    if (thread.caller.kind === 'outside') this.putOut(thread, answer);
    else this.tell(thread, 'Response', answer, answer);
  }

  private putOut(thread: Thread, answer: Json): void {
    const letter = this.letter(this.nameOf(thread.listener), null, 'Response', answer, null);
    if (letter === undefined) return;
    this.hold(letter.bytes);
    this.remember(thread, letter);
    this.outputs.push(answer);
  }

  /** The caller of a handler that failed is told; outside that is the end of the run. */
  private failed(thread: Thread, error: StepError): void {
    if (thread.caller.kind === 'outside') return this.fail(error);
    const { message, retryable } = error;
    const told = { code: 'handler', message, retryAllowed: retryable, error: errorValue(error) };
    this.tell(thread, 'SystemError', told, { error: errorValue(error) });
  }

  /** Tells the parent thread's listener, or the agent whose tool call it is. */
  private tell(thread: Thread, kind: string, payload: Json, result: Json): void {
    if (thread.caller.kind === 'call') return this.answer(thread, thread.caller, kind, result);
    if (thread.parent === undefined) return;
    const letter = this.deliver(thread.parent, this.nameOf(thread.listener), kind, payload);
    if (letter !== undefined) this.remember(thread, letter);
  }

  /** The first answer is the result of the call. */
  private answer(thread: Thread, caller: Caller & { kind: 'call' }, kind: string, value: Json): void {
    const name = this.nameOf(thread.listener);
    if (thread.answered) return this.warn(thread, `\`${name}\` answered again; only the first answer counts`);
    thread.answered = true;
    const parent = thread.parent;
    const letter = parent && this.letterTo(parent, name, kind, value);
    if (parent !== undefined && letter !== undefined) {
      this.notice(parent, letter.value);
      this.remember(thread, letter);
      this.remember(parent, letter);
    }
    this.resume(caller.delivery);
    this.answers.push(() => caller.answer(value));
  }

  /** Sends a tool call of an agent; gives the answers of the listeners it reaches. */
  call(delivery: Delivery, peer: string, args: Json): Promise<Json>[] | undefined {
    const listeners = this.plan.reach(delivery.thread.listener, peer);
    return listeners?.map((listener) => new Promise((answer) => this.ask(delivery, listener, args, answer)));
  }

  private ask(delivery: Delivery, listener: number, args: Json, answer: (value: Json) => void): void {
    const { thread } = delivery;
    const target = this.open(thread, listener, { kind: 'call', delivery, answer });
    const letter = this.deliver(target, this.nameOf(thread.listener), this.kindOf(listener), args);
    if (letter !== undefined) this.remember(thread, letter);
    // An agent that waits for a peer leaves its place to others, or nobody could answer it.
    delivery.waiting += 1;
    if (delivery.waiting === 1) this.work.suspended(thread.listener);
  }

  private resume(delivery: Delivery): void {
    if (delivery.isOver) return;
    delivery.waiting -= 1;
    if (delivery.waiting === 0) this.work.resumed(delivery.thread.listener);
  }

  private open(parent: Thread | undefined, listener: number, caller: Caller): Thread {
    const thread = new Thread(this.opened, parent, listener, caller);
    this.opened += 1;
    if (parent !== undefined) parent.children += 1;
    return thread;
  }

  /** Puts a message into the queue, and gives it back for the sender's own context; nothing where it is too large. */
  private deliver(thread: Thread, from: Json, kind: Json, payload: Json): Letter | undefined {
    const letter = this.letterTo(thread, from, kind, payload);
    if (letter === undefined) return undefined;
    this.hold(letter.bytes);
    this.countMessage();
    this.notice(thread, letter.value);
    this.batch.push({ thread, index: thread.messages, letter });
    thread.messages += 1;
    thread.load += 1;
    return letter;
  }

  private letterTo(thread: Thread, from: Json, kind: Json, payload: Json): Letter | undefined {
    return this.letter(from, this.nameOf(thread.listener), kind, payload, thread.name);
  }

  private letter(from: Json, to: Json, kind: Json, payload: Json, thread: Json): Letter | undefined {
    const bytes = weight(payload);
    if (bytes !== undefined) return { value: { from, to, kind, payload, thread }, bytes };
    this.fail(fault('MESSAGE_TOO_LARGE', 'limit', `a message is larger than ${MESSAGE_BYTES} bytes`));
    return undefined;
  }

  private countMessage(): void {
    this.sent += 1;
    const most = this.plan.maxMessages;
    if (this.sent > most) this.fail(fault('MESSAGE_LIMIT', 'limit', `more than ${most} messages were sent in one run`));
  }

  private hold(bytes: number): void {
    this.bytes += bytes;
    const message = `the messages of this run take more than ${MAILBOX_BYTES} bytes`;
    if (this.bytes > MAILBOX_BYTES) this.fail(fault('MESSAGE_LIMIT', 'limit', message));
  }

  private fail(error: StepError): void {
    this.failure ??= error;
  }

  private remember(thread: Thread, letter: Letter): void {
    this.bytes += thread.remember(letter, this.plan.contextSlots);
  }

  private notice(thread: Thread, message: Json): void {
    thread.todos.forEach((todo) => todo.notice(message));
  }

  /** Opens a todo; gives its id, or nothing where it is none or the thread has too many. */
  note(thread: Thread, given: Json): string | undefined {
    const id = `todo-${this.noted}`;
    const todo = Todo.read(id, given);
    if (todo === undefined || thread.todos.length >= TODOS_PER_THREAD) {
      this.warn(thread, `a todo was not noted: it has no \`waitFor\`, or there are ${TODOS_PER_THREAD} open ones`);
      return undefined;
    }
    this.noted += 1;
    thread.todos.push(todo);
    return id;
  }

  /** Closes a todo of this thread; says whether it was raised, or nothing where there is none of this id. */
  strike(thread: Thread, id: string): boolean | undefined {
    const place = thread.todos.findIndex((todo) => todo.id === id);
    if (place < 0) this.warn(thread, `there is no open todo \`${id}\` in this thread`);
    return place < 0 ? undefined : thread.todos.splice(place, 1)[0]?.raised;
  }

  /** Drops a thread nothing can come back to, and those above it that only waited for it. */
  private closeQuiet(last: Thread): void {
    for (let thread: Thread | undefined = last; thread !== undefined; thread = thread.parent) {
      if (thread.load > 0 || thread.children > 0) return;
      if (thread.caller.kind === 'call' && !thread.answered) this.answer(thread, thread.caller, 'Response', 'no reply');
      this.bytes -= thread.bytes;
      for (const todo of thread.todos) this.warn(thread, `the thread ended with an open todo: ${todo.shown()}`);
      if (thread.parent !== undefined) thread.parent.children -= 1;
    }
  }

  private warn(thread: Thread, message: string): void {
    log.warn(message, { thread: thread.name });
  }

  private nameOf(listener: number): string {
    return this.of(listener)?.name ?? '';
  }

  private kindOf(listener: number): Json {
    return this.of(listener)?.payloadClass ?? null;
  }

  private of(listener: number): Listener | undefined {
    return this.plan.listeners[listener];
  }
}
