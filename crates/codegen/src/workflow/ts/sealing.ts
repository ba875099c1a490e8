// How parameters with secrets in them are handed to activities.
import type { Json as Plain } from './schemas';
import { Sealed } from './value';
import type { Json } from './value';

/** JSON alone, as activities take and give it. */
export type { Plain };

/** A sealed text becomes a marker that the activity puts the secret into; members of data get one more `$`. */
export function plain(value: Json): Plain {
  if (value instanceof Sealed) return { $sealed: value.parts.map((part) => (typeof part === 'string' ? part : { ...part })) };
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, held]) => [escaped(key), plain(held)]));
}

function escaped(key: string): string {
  return key.startsWith('$') ? `$${key}` : key;
}

/** Results of earlier steps, in which no secret can be, as they are. */
export function recorded(results: { [path: string]: Json }): { [path: string]: Plain } {
  return Object.fromEntries(Object.entries(results).map(([path, held]) => [path, asItIs(held)]));
}

function asItIs(value: Json): Plain {
  if (value instanceof Sealed) return null;
  if (Array.isArray(value)) return value.map(asItIs);
  return typeof value === 'object' && value !== null ? recorded(value) : value;
}

/** What came from outside: it cannot hold secrets. */
export function fromOutside(value: Plain): Json {
  return value;
}
