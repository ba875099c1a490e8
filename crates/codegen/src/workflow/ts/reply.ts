// What a model has said: its words, the tools it calls, what it used, and JSON it has written as text.
import { parseJson } from './schemas';
import { known } from './value';
import type { Json } from './value';

const DEEPEST = 100;

export function member(value: Json | undefined, name: string): Json | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}

export function textMember(value: Json | undefined, name: string): string | undefined {
  const found = member(value, name);
  return typeof found === 'string' ? found : undefined;
}

export function textOf(reply: Json): string {
  return typeof reply === 'string' ? reply : (textMember(reply, 'text') ?? '');
}

export function callsOf(reply: Json): Json[] {
  const calls = member(reply, 'toolCalls');
  return Array.isArray(calls) ? calls : [];
}

/** JSON from text, nested no deeper than the outputs of tasks may be; a text where it is none says why. */
export function readJson(text: string): { value: Json } | { reason: string } {
  try {
    const value = known(parseJson(text.trim()), DEEPEST);
    return value === undefined ? { reason: `it is nested more than ${DEEPEST} levels deep` } : { value };
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}

/** What an agent has used up, and with it every agent around it. */
export class Account {
  tokens = 0;
  /** In millionths of the account's currency. */
  micros = 0;

  constructor(private readonly around?: Account) {}

  /** What a reply of a model says it used. */
  charge(reply: Json): void {
    const usage = member(reply, 'usage');
    this.tokens += counted(usage, 'inputTokens') + counted(usage, 'outputTokens');
    this.micros += counted(usage, 'micros');
    this.around?.charge(reply);
  }
}

function counted(usage: Json | undefined, name: string): number {
  const value = member(usage, name);
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : 0;
}
