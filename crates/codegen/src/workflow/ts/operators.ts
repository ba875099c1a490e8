// JavaScript's conversions and operators, refusing what a flow could not mean.
import { linked, secretFault, textOf, typeFault } from './names';
import { Sealed, kindName } from './value';
import type { SealedPart, Value } from './value';

export function truthy(value: Value): boolean {
  if (value instanceof Sealed) throw secretFault();
  return Boolean(value);
}

export function numberOf(value: Value): number {
  if (value instanceof Sealed) throw secretFault();
  if (Array.isArray(value)) return Number(textOf(value));
  return typeof value === 'object' && value !== null ? NaN : Number(value);
}

/** What `+` and `<` make of an operand: lists and objects become text. */
function primitive(value: Value): undefined | null | boolean | number | string {
  if (value instanceof Sealed) throw secretFault();
  return typeof value === 'object' && value !== null ? textOf(value) : value;
}

export function negate(value: Value): Value {
  return -numberOf(value);
}

export function plus(value: Value): Value {
  return numberOf(value);
}

export function not(value: Value): Value {
  return !truthy(value);
}

export function kindOf(value: Value): Value {
  if (value instanceof Sealed) throw secretFault();
  return typeof value;
}

export function add(left: Value, right: Value): Value {
  if (left instanceof Sealed || right instanceof Sealed) return joined([left, right]);
  const [first, second] = [primitive(left), primitive(right)];
  if (typeof first === 'string' || typeof second === 'string') return textOf(first) + textOf(second);
  return numberOf(first) + numberOf(second);
}

function joined(values: Value[]): Value {
  const parts: SealedPart[] = [];
  for (const value of values) {
    if (typeof value === 'string') push(parts, value);
    else if (value instanceof Sealed) value.parts.forEach((part) => push(parts, part));
    else throw secretFault();
  }
  return new Sealed(parts);
}

/** Neighbouring texts are one; empty ones none. */
function push(parts: SealedPart[], part: SealedPart): void {
  const last = parts.at(-1);
  if (typeof part === 'string' && typeof last === 'string') parts[parts.length - 1] = last + part;
  else if (part !== '') parts.push(part);
}

export function subtract(left: Value, right: Value): Value {
  return numberOf(left) - numberOf(right);
}

export function multiply(left: Value, right: Value): Value {
  return numberOf(left) * numberOf(right);
}

export function divide(left: Value, right: Value): Value {
  return numberOf(left) / numberOf(right);
}

export function remainder(left: Value, right: Value): Value {
  return numberOf(left) % numberOf(right);
}

export function power(left: Value, right: Value): Value {
  return numberOf(left) ** numberOf(right);
}

/** `===`. Two lists or two objects are not compared: JavaScript would compare which one it is, not what it holds. */
export function equal(left: Value, right: Value): boolean {
  if (left instanceof Sealed || right instanceof Sealed) throw secretFault();
  if (isBoth(left, right, Array.isArray) || isBoth(left, right, isObject)) {
    const help = 'compare a member, a length, or JSON.stringify of both';
    throw typeFault(`two values of kind ${kindName(left)} cannot be compared; ${help}`);
  }
  return left === right;
}

function isBoth(left: Value, right: Value, is: (value: Value) => boolean): boolean {
  return is(left) && is(right);
}

function isObject(value: Value): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function unequal(left: Value, right: Value): boolean {
  return !equal(left, right);
}

export function less(left: Value, right: Value): boolean {
  const [first, second] = [primitive(left), primitive(right)];
  if (typeof first === 'string' && typeof second === 'string') return first < second;
  return numberOf(first) < numberOf(second);
}

export function lessOrEqual(left: Value, right: Value): boolean {
  const [first, second] = [primitive(left), primitive(right)];
  if (typeof first === 'string' && typeof second === 'string') return first <= second;
  return numberOf(first) <= numberOf(second);
}

export function greater(left: Value, right: Value): boolean {
  const [first, second] = [primitive(left), primitive(right)];
  if (typeof first === 'string' && typeof second === 'string') return first > second;
  return numberOf(first) > numberOf(second);
}

export function greaterOrEqual(left: Value, right: Value): boolean {
  const [first, second] = [primitive(left), primitive(right)];
  if (typeof first === 'string' && typeof second === 'string') return first >= second;
  return numberOf(first) >= numberOf(second);
}

/** `key in object`. */
export function within(key: Value, object: Value): boolean {
  const name = textOf(key);
  if (object instanceof Sealed) throw secretFault();
  if (typeof object === 'object' && object !== null) return Object.hasOwn(object, name);
  throw typeFault(`\`in\` looks into objects and lists, not into ${kindName(object)}`);
}

export function and(left: Value, right: () => Value): Value {
  return truthy(left) ? right() : left;
}

export function or(left: Value, right: () => Value): Value {
  return truthy(left) ? left : right();
}

/** `test ? then : otherwise`. */
export function either(test: Value, then: () => Value, otherwise: () => Value): Value {
  return truthy(test) ? then() : otherwise();
}

/** `??`. */
export function otherwise(left: Value, right: () => Value): Value {
  if (left instanceof Sealed) throw secretFault();
  return left ?? right();
}

/** A template literal: texts and the values between them. */
export function template(texts: string[], values: Value[]): Value {
  return assembled(texts, values, textOf);
}

/** Text with `{{ }}` in it: undefined is nothing, lists and objects are JSON. */
export function filled(texts: string[], values: Value[]): Value {
  return assembled(texts, values, (value) => (value === undefined ? '' : inserted(value)));
}

function assembled(texts: string[], values: Value[], shown: (value: Value) => string): Value {
  const between = (value: Value): Value => (value instanceof Sealed ? value : shown(value));
  const parts = texts.flatMap((text, at) => (at < values.length ? [text, between(values[at])] : [text]));
  return parts.some((part) => part instanceof Sealed) ? joined(parts) : parts.map(textOf).join('');
}

function inserted(value: Value): string {
  return typeof value === 'string' ? value : (stringified(value) ?? '');
}

/** `JSON.stringify`, which no secret may get into. */
export function stringified(value: Value, indent?: string | number): string | undefined {
  refuseSealed(value);
  return JSON.stringify(value, null, indent);
}

function refuseSealed(value: Value): void {
  if (value instanceof Sealed) throw secretFault();
  if (typeof value === 'object' && value !== null) Object.values(value).forEach(refuseSealed);
}

/** The items of a list, or the characters of a text. */
export function spread(value: Value): Value[] {
  if (value instanceof Sealed) throw secretFault();
  if (Array.isArray(value)) return value;
  if (typeof value === 'string') return [...value];
  throw typeFault(`${kindName(value)} cannot be spread into a list`);
}

/** A member and its value, as `object` and the functions of `Object` take them. */
export type Entry = [string, Value];

/** The own members in order. Lists and texts have their indices as keys. */
export function entries(value: Value): Entry[] {
  if (value instanceof Sealed) throw secretFault();
  if (value === undefined || value === null) throw typeFault(`${kindName(value)} has no members`);
  if (typeof value === 'string') return [...value].map((character, at) => [String(at), character]);
  return typeof value === 'object' ? Object.entries(value) : [];
}

/** `...value` in an object; what has no members gives none. */
export function members(value: Value): Entry[] {
  return value === undefined || value === null ? [] : entries(value);
}

/** An object literal. */
export function object(...list: Entry[]): Value {
  return Object.fromEntries(list);
}

/** A computed key and its value. */
export function entry(key: Value, value: () => Value): Entry {
  return [textOf(key), value()];
}

/** A method called with `?.`. */
export function optional(value: Value, work: (value: Value) => Value): Value {
  return linked(value, 'optional', work);
}
