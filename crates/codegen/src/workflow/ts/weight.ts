// How long a value's JSON would be, roughly: what a run keeps has a limit.
import { EvaluationError, Sealed } from './value';
import type { Json } from './value';

const MIB = 1_048_576;

/** The most that outputs may come to where a region puts them together, and a variable that is appended to. */
const JOINED_BYTES = 64 * MIB;

/** What Temporal takes as one payload, with room to spare. */
export const PAYLOAD_BYTES = 1_900_000;

/** Levels of lists and objects in what is kept, one more than an expression or a task may give. */
const LEVELS = 101;

/** What the value weighs; nothing where that is more than `most`, or where it is nested too deep. */
export function weigh(value: Json, most: number): number | undefined {
  const left = take(value, LEVELS, most);
  return left === undefined ? undefined : most - left;
}

/** Hands the value on, unless nobody could write it down. */
export function bounded(value: Json): Json {
  if (weigh(value, JOINED_BYTES) !== undefined) return value;
  const message = `the value is larger than ${JOINED_BYTES / MIB} MiB or nested more than ${LEVELS - 1} levels deep`;
  throw new EvaluationError('OUTPUT_TOO_LARGE', message, 'limit');
}

/** Whether the value goes through Temporal. */
export function fits(value: Json): boolean {
  const text = JSON.stringify(value);
  return text.length * 3 <= PAYLOAD_BYTES || bytesOf(text) <= PAYLOAD_BYTES;
}

/** How many bytes the text is in UTF-8. */
export function bytesOf(text: string): number {
  let bytes = 0;
  for (const character of text) bytes += width(character.codePointAt(0) ?? 0);
  return bytes;
}

/** How many bytes a character is in UTF-8. */
export function width(point: number): number {
  if (point < 0x80) return 1;
  if (point < 0x800) return 2;
  return point < 0x10000 ? 3 : 4;
}

/** What is left of `left` after the value. */
function take(value: Json, levels: number, left: number): number | undefined {
  if (typeof value === 'string') return rest(left, bytesOf(value) + 2);
  if (typeof value !== 'object' || value === null || value instanceof Sealed) return rest(left, 4);
  if (Array.isArray(value)) return members(value, levels, rest(left, 4));
  const keys = Object.keys(value).reduce((sum, key) => sum + bytesOf(key) + 4, 0);
  return members(Object.values(value), levels, rest(left, keys));
}

function members(values: Json[], levels: number, left: number | undefined): number | undefined {
  if (levels === 0) return undefined;
  return values.reduce<number | undefined>((now, value) => (now === undefined ? now : take(value, levels - 1, now)), left);
}

function rest(left: number, own: number): number | undefined {
  return left < own ? undefined : left - own;
}

/** Hands the value on, unless it may not be kept: only parameters of tasks carry secrets. */
export function kept(value: Json, refusal = 'a secret cannot be stored in a variable; name it where it is used'): Json {
  bounded(value);
  if (holdsSealed(value)) throw new EvaluationError('SECRET_NOT_ALLOWED', refusal);
  return value;
}

function holdsSealed(value: Json): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return value instanceof Sealed || Object.values(value).some(holdsSealed);
}
