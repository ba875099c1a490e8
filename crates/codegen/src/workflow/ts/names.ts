// The names an expression can see, and what is below them.
import type { At } from './run';
import { now } from './timers';
import { EvaluationError, Sealed, kindName } from './value';
import type { Json, Value } from './value';

const DOTTED = 32;
const PROTOTYPE = ['__proto__', 'constructor', 'prototype'];

/** Thrown by a `?.` that finds nothing; `chain` takes it. */
class Short extends Error {}

/** What a missing object means to the member read from it. */
export type Link = 'strict' | 'optional' | 'lenient';

export function typeFault(message: string): EvaluationError {
  return new EvaluationError('EXPRESSION_TYPE', message);
}

export function secretFault(): EvaluationError {
  const message = 'a secret can only be joined with text, by `+` or inside a template, or passed on as it is';
  return new EvaluationError('SECRET_NOT_ALLOWED', message);
}

/** The value of a root name. */
export function name(at: At, root: string): Value {
  if (root === 'secrets') throw secretFault();
  const found = ROOTS.get(root);
  return found === undefined ? undefined : found(at);
}

const ROOTS = new Map<string, (at: At) => Value>([
  ['input', (at) => at.run.input],
  ['vars', (at) => at.scope.all()],
  ['nodes', (at) => at.nodes?.all()],
  ['data', (at) => (at.data === undefined ? at.run.input : at.data)],
  ['output', (at) => at.output],
  ['run', (at) => ({ id: at.run.id, startedAt: at.run.startedAt })],
  ['now', () => now()],
  ['item', (at) => at.item],
  ['index', (at) => at.index],
  ['error', (at) => at.error],
  ['message', (at) => at.message],
  ['thread', (at) => at.thread?.all()],
  ['args', (at) => at.args],
]);

/** `root.key` without building all of `root`. */
function direct(at: At, root: string, key: string): Json | undefined {
  if (root === 'vars') return at.scope.get(key);
  if (root === 'nodes') return at.nodes?.get(key);
  if (root === 'thread') return at.thread?.get(key);
  if (root === 'service') return at.outer?.service.get(key);
  return root === 'project' ? at.outer?.project.get(key) : undefined;
}

/** `root.key`. */
export function member(at: At, root: string, key: string, link: Link = 'strict'): Value {
  if (root === 'secrets') return new Sealed([{ secret: key }]);
  const found = direct(at, root, key);
  return found === undefined ? linked(name(at, root), link, (value) => own(value, key)) : found;
}

/** `root[key]`. */
export function memberAt(at: At, root: string, key: Value, link: Link = 'strict'): Value {
  if (root === 'secrets') {
    const message = 'a secret is named as it stands: `secrets.name`, not by a computed key';
    throw new EvaluationError('SECRET_NOT_ALLOWED', message);
  }
  if (typeof key === 'string') {
    refusePrototype(key);
    const found = direct(at, root, key);
    if (found !== undefined || root === 'vars') return found;
  }
  return linked(name(at, root), link, (value) => ownAt(value, key));
}

/** A chain below `vars`: the nested path first, then literal dotted keys, the longest first. */
export function vars(at: At, ...keys: string[]): Value {
  const nested = walk(at.scope.get(keys[0] ?? ''), keys.slice(1));
  if (nested !== undefined) return nested;
  for (let length = Math.min(keys.length, DOTTED); length >= 2; length -= 1) {
    const found = walk(at.scope.get(keys.slice(0, length).join('.')), keys.slice(length));
    if (found !== undefined) return found;
  }
  return undefined;
}

function walk(value: Value, keys: string[]): Value {
  let reached = value;
  for (const key of keys) {
    if (reached === undefined || reached === null) return undefined;
    reached = own(reached, key);
  }
  return reached;
}

/** `value.key`. */
export function read(value: Value, key: string, link: Link = 'strict'): Value {
  return linked(value, link, (found) => own(found, key));
}

/** `value[key]`; the key is not computed where there is nothing to read in. */
export function readAt(value: Value, key: () => Value, link: Link = 'strict'): Value {
  return linked(value, link, (found) => ownAt(found, key()));
}

/** The extent of an optional chain: a `?.` inside that finds nothing makes all of it undefined. */
export function chain(work: () => Value): Value {
  try {
    return work();
  } catch (thrown) {
    if (thrown instanceof Short) return undefined;
    throw thrown;
  }
}

/** Thrown where `value` is missing and the link is optional. */
export function linked(value: Value, link: Link, work: (value: Value) => Value): Value {
  if (value !== undefined && value !== null) return work(value);
  if (link === 'optional') throw new Short();
  if (link === 'lenient') return undefined;
  throw missing(value);
}

function missing(value: Value): EvaluationError {
  return typeFault(`there is nothing to read in ${kindName(value)}; where a value may be missing, write \`?.\``);
}

function refusePrototype(key: string): void {
  if (PROTOTYPE.includes(key)) throw typeFault(`\`${key}\` leads to a prototype and cannot be read`);
}

/** A member by name; undefined where there is none. */
export function own(value: Value, key: string): Value {
  if (value instanceof Sealed) throw secretFault();
  if (value === undefined || value === null) throw missing(value);
  if (Array.isArray(value)) return key === 'length' ? value.length : atIndex(value, key);
  if (typeof value === 'string') return key === 'length' ? value.length : atIndex([...units(value)], key);
  return typeof value === 'object' && Object.hasOwn(value, key) ? value[key] : undefined;
}

function atIndex(items: Value[], key: string): Value {
  return /^(0|[1-9][0-9]{0,9})$/.test(key) ? items[Number(key)] : undefined;
}

function units(text: string): string[] {
  return text.split('').map((unit) => unit.toWellFormed());
}

function ownAt(value: Value, key: Value): Value {
  if (Array.isArray(value) && typeof key === 'number' && Number.isInteger(key) && key >= 0) return value[key];
  const text = textOf(key);
  refusePrototype(text);
  return own(value, text);
}

/** A value as JavaScript makes text of it. */
export function textOf(value: Value): string {
  if (value instanceof Sealed) throw secretFault();
  if (Array.isArray(value)) return value.map(itemText).join(',');
  return typeof value === 'object' && value !== null ? '[object Object]' : String(value);
}

function itemText(value: Value): string {
  return value === undefined || value === null ? '' : textOf(value);
}
