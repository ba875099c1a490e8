// What a listener has noted to wait for within a thread. A message that fits raises a todo; it is open, and mentioned
// at every turn of its listener, until it is struck.
import { textMember } from './reply';
import type { Json } from './value';

/** The most open todos of one thread. */
export const TODOS_PER_THREAD = 100;

/** `waitFor` is the kind of a message or the name of its sender, compared whole and without regard to case. */
export class Todo {
  raised = false;

  private constructor(
    readonly id: string,
    private readonly waitFor: string,
    private readonly from: string | undefined,
    private readonly description: string,
  ) {}

  /** Nothing where it does not say what to wait for. */
  static read(id: string, given: Json): Todo | undefined {
    const waitFor = textMember(given, 'waitFor') ?? '';
    const from = textMember(given, 'from') ?? '';
    if (waitFor === '') return undefined;
    return new Todo(id, waitFor, from === '' ? undefined : from, textMember(given, 'description') ?? '');
  }

  /** Raises it where the message is what it waits for. */
  notice(message: Json): void {
    const is = (name: string, wanted: string): boolean =>
      textMember(message, name)?.toLowerCase() === wanted.toLowerCase();
    const sender = this.from === undefined || is('from', this.from);
    if (sender && (is('kind', this.waitFor) || is('from', this.waitFor))) this.raised = true;
  }

  /** What is waited for, on one line. */
  shown(): string {
    const from = this.from === undefined ? '' : ` from ${this.from}`;
    const description = this.description === '' ? '' : `: ${this.description}`;
    return `${this.id} (${this.waitFor}${from}${description})`;
  }

  value(): Json {
    const { id, waitFor, from = null, description, raised } = this;
    return { id, waitFor, from, description, raised };
  }
}

/** The text that reminds of open todos; nothing where there are none. */
export function nudge(todos: Todo[]): string | undefined {
  if (todos.length === 0) return undefined;
  const lines = todos.map((todo) => {
    const standing = todo.raised ? 'has come; close it once it is dealt with' : 'is still to come';
    return `\n- ${todo.shown()} ${standing}`;
  });
  return `Open todos:${lines.join('')}`;
}

/** The tools an agent keeps its todos with. */
export function todoTools(): Json[] {
  const text = (description: string): Json => ({ type: 'string', description });
  const todo = {
    waitFor: text('The kind of message, or the name of the sender, to wait for.'),
    from: text('The name of the sender, where only its messages count.'),
    description: text('What to do about it.'),
  };
  const done = { id: text("The todo's id.") };
  return [
    tool('todo', 'Notes something to wait for; you are reminded until it is closed.', todo, 'waitFor'),
    tool('todoDone', 'Closes a todo.', done, 'id'),
  ];
}

function tool(name: string, description: string, properties: { [name: string]: Json }, required: string): Json {
  return { name, description, schema: { type: 'object', properties, required: [required] } };
}
