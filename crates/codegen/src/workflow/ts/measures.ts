// Durations, counts and times as flows write them.
import { EvaluationError, shown } from './value';
import type { Json } from './value';

/** No duration counts as longer, in milliseconds. */
const LONGEST = 9_007_199_254_740;

const UNITS: [string[], number][] = [
  [['ms', 'millisecond', 'milliseconds'], 1],
  [['s', 'sec', 'second', 'seconds'], 1_000],
  [['m', 'min', 'minute', 'minutes'], 60_000],
  [['h', 'hour', 'hours'], 3_600_000],
  [['d', 'day', 'days'], 86_400_000],
];

/** Milliseconds as a number, or a duration as text. */
export function durationOf(value: Json): number {
  if (typeof value === 'string') return Math.min(parsed(value), LONGEST);
  if (typeof value === 'number' && value >= 0) return Math.min(Math.round(value), LONGEST);
  const message = `expected milliseconds or a duration such as \`30s\`, found ${shown(value)}`;
  throw new EvaluationError('INVALID_DURATION', message);
}

function parsed(text: string): number {
  const [, digits, unit] = /^([0-9]+)\s*([a-z]+)$/.exec(text.trim()) ?? [];
  const scale = UNITS.find(([names]) => unit !== undefined && names.includes(unit))?.[1];
  const millis = Number(digits) * (scale ?? NaN);
  if (Number.isSafeInteger(millis)) return millis;
  const [trimmed, short] = [text.trim(), Array.from(text.trim()).slice(0, 40).join('')];
  const cut = short.length < trimmed.length ? `${short}…` : short;
  const message = `\`${cut}\` is not a duration; write a whole number and ms, s, m, h or d, such as \`30s\``;
  throw new EvaluationError('INVALID_DURATION', message);
}

/** How many iterations, children and the like: a whole number from 0. */
export function countOf(value: Json): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value;
  throw new EvaluationError('INVALID_NUMBER', `expected a whole number that is not negative, found ${shown(value)}`);
}

/** Milliseconds since 1970, of microseconds as a number or of RFC 3339 text. */
export function timeOf(value: Json): number {
  if (typeof value === 'number') return value / 1_000;
  const millis = typeof value === 'string' ? instant(value.trim()) : NaN;
  if (!Number.isNaN(millis)) return millis;
  const message = `expected a time such as \`2026-01-31T09:00:00Z\`, found ${shown(value)}`;
  throw new EvaluationError('INVALID_TIME', message);
}

function instant(text: string): number {
  const form = /^[0-9]{4}-[0-9]{2}-([0-9]{2})[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})$/;
  const day = form.exec(text)?.[1];
  if (day === undefined) return NaN;
  // `Date` takes the 30th of February for the 1st or 2nd of March.
  const date = new Date(`${text.slice(0, 10)}T00:00:00Z`);
  return date.getUTCDate() === Number(day) ? Date.parse(text.replace(' ', 'T').toUpperCase()) : NaN;
}
