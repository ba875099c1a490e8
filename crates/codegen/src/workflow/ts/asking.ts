// What an agent says to its model: the parameters of the model task, as on every runtime.
import { member, textMember } from './reply';
import type { Seat } from './seat';
import type { Json } from './value';
import { bytesOf, width } from './weight';

/** The most bytes of one result that are carried in the parameters, and of all of them in one agent. */
const INLINE_BYTES = 65_536;
const INLINE_TOTAL = 1_048_576;

/** A tool as the model is told of it. */
export type Told = { name: string; description: string; schema: Json };

/** What one turn asks. */
export type Question = {
  options: { [name: string]: Json };
  model: Json;
  system: Json;
  input: Json;
  told: Json[];
  tools: Told[];
  /** JSON Schema of the answer, or null. */
  output: Json;
};

/** Members that say nothing are left out. `seat` is there where the agent can write to somebody. */
export function paramsOf(question: Question, thread: Seat | undefined, keepsTodos: boolean): Json {
  const reminder = thread?.reminder();
  const messages = [user(question.input), ...question.told, ...(reminder === undefined ? [] : [user(reminder)])];
  const tools = toolList(question.tools, keepsTodos ? thread : undefined);
  const { model, system, output } = question;
  const given = Object.entries({ model, system, messages, tools, output }).filter(([, value]) => !isEmpty(value));
  return { ...question.options, ...Object.fromEntries(given) };
}

function isEmpty(value: Json): boolean {
  return value === null || value === '' || (Array.isArray(value) && value.length === 0);
}

function user(content: Json): Json {
  return { role: 'user', content };
}

/** The agent's own tools, and where it can write to somebody, those that keep its todos. */
function toolList(tools: Told[], seat: Seat | undefined): Json[] {
  const names = new Set(tools.map((tool) => tool.name));
  const own = tools.map(({ name, description, schema }): Json => ({ name, description, schema }));
  return [...own, ...(seat?.tools() ?? []).filter((tool) => !names.has(textMember(tool, 'name') ?? ''))];
}

/** The result of a call: where the history holds it, or the value itself. */
export type Given = { path: string; output: Json } | { value: Json };

/** Results as the messages of the next turn. What they carry is counted, over all turns. */
export class Results {
  private inline = 0;

  message(call: Json, given: Given): Json {
    const id = member(call, 'id') ?? null;
    if ('path' in given) return { $tool: given.path, id };
    return { role: 'tool', toolCallId: id, content: this.bounded(given.value) };
  }

  /** The value where it is small enough, else the beginning of its text. */
  private bounded(value: Json): Json {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    const bytes = bytesOf(text);
    const room = Math.min(INLINE_BYTES, INLINE_TOTAL - this.inline);
    this.inline += Math.min(bytes, room);
    if (bytes <= room) return value;
    const kept = beginning(text, room);
    return `${kept}… (cut off: ${bytesOf(kept)} of ${bytes} bytes)`;
  }
}

/** As many whole characters as there is room for. */
function beginning(text: string, room: number): string {
  let [end, bytes] = [0, 0];
  for (const character of text) {
    bytes += width(character.codePointAt(0) ?? 0);
    if (bytes > room) break;
    end += character.length;
  }
  return text.slice(0, end);
}
