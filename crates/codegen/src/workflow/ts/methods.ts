// The methods expressions may call. Nothing is changed in place: `sort` and `reverse` give copies.
import { secretFault, textOf, typeFault } from './names';
import { equal, numberOf, spread, truthy } from './operators';
import { Sealed, kindName, tooMuch } from './value';
import type { Value } from './value';

/** A function given to a method; it takes as many values as it wants. */
export type Callback = (...args: Value[]) => Value;

type OnText = (text: string, args: Value[]) => Value;
type OnList = (items: Value[], args: Value[]) => Value;
type WithFunction = (items: Value[], call: Callback, args: Value[]) => Value;

/** Calls a method that takes values. */
export function call(value: Value, method: string, args: Value[]): Value {
  if (value instanceof Sealed) throw secretFault();
  if (Array.isArray(value)) return onList(value, method, args);
  const onText = typeof value === 'string' ? TEXTS.get(method) : undefined;
  if (typeof value === 'string' && onText !== undefined) return onText(value, args);
  if (typeof value === 'number' && method === 'toFixed') return fixed(value, args);
  if (typeof value === 'number' && method === 'toString') return radix(value, args);
  if (method === 'toString' && (typeof value === 'boolean' || kindName(value) === 'object')) return textOf(value);
  throw typeFault(`\`${method}\` cannot be called on ${kindName(value)}`);
}

/** Calls a method of lists that takes a function. */
export function each(value: Value, method: string, work: Callback, args: Value[] = []): Value {
  if (value instanceof Sealed) throw secretFault();
  const found = FUNCTIONS.get(method);
  if (Array.isArray(value) && found !== undefined) return found(value, work, args);
  throw typeFault(`\`${method}\` cannot be called on ${kindName(value)}`);
}

function onList(items: Value[], method: string, args: Value[]): Value {
  const found = LISTS.get(method);
  if (found !== undefined) return found(items, args);
  if (FUNCTIONS.has(method)) throw typeFault(`\`${method}\` needs a function, such as \`x => …\``);
  throw typeFault(`\`${method}\` cannot be called on array`);
}

const integer = (value: Value, otherwise: number): number => {
  if (value === undefined) return otherwise;
  const number = Math.trunc(numberOf(value));
  return Number.isNaN(number) ? 0 : number;
};

const range = (args: Value[], length: number): [number, number] => [integer(args[0], 0), integer(args[1], length)];

const LISTS = new Map<string, OnList>([
  ['at', (items, [place]) => items.at(Number.isNaN(numberOf(place)) ? 0 : numberOf(place))],
  ['concat', (items, args) => [...items, ...args.flatMap((arg) => (Array.isArray(arg) ? arg : [arg]))]],
  ['flat', (items, [depth]) => flattened(items, depth === undefined ? 1 : integer(depth, 0))],
  ['includes', (items, [wanted, from]) => position(items, wanted, integer(from, 0), true) >= 0],
  ['indexOf', (items, [wanted, from]) => position(items, wanted, integer(from, 0), false)],
  ['lastIndexOf', (items, args) => lastPosition(items, args)],
  ['join', (items, [separator]) => joined(items, separator === undefined ? ',' : textOf(separator))],
  ['slice', (items, args) => items.slice(...range(args, items.length))],
  ['toReversed', (items) => items.toReversed()],
  ['toSorted', (items, [compare]) => sortedByText(items, compare)],
  ['toString', (items) => textOf(items)],
  ['with', (items, [place, value]) => replaced(items, integer(place, 0), value)],
]);

const callOn = (items: Value[], work: Callback) => {
  return (item: Value, index: number): boolean => truthy(work(item, index, items));
};

const FUNCTIONS = new Map<string, WithFunction>([
  ['map', (items, work) => items.map((item, index) => work(item, index, items))],
  ['filter', (items, work) => items.filter(callOn(items, work))],
  ['flatMap', (items, work) => flattened(items.map((item, index) => work(item, index, items)), 1)],
  ['some', (items, work) => items.some(callOn(items, work))],
  ['every', (items, work) => items.every(callOn(items, work))],
  ['find', (items, work) => items.find(callOn(items, work))],
  ['findIndex', (items, work) => items.findIndex(callOn(items, work))],
  ['findLast', (items, work) => items.findLast(callOn(items, work))],
  ['findLastIndex', (items, work) => items.findLastIndex(callOn(items, work))],
  ['reduce', (items, work, args) => reduced(items, work, args, [...items.keys()])],
  ['reduceRight', (items, work, args) => reduced(items, work, args, [...items.keys()].toReversed())],
  ['toSorted', (items, work) => sortedBy(items, work)],
]);

function flattened(items: Value[], depth: number): Value[] {
  return items.flatMap((item) => (Array.isArray(item) && depth >= 1 ? flattened(item, depth - 1) : [item]));
}

function position(items: Value[], wanted: Value, from: number, nan: boolean): number {
  const start = from < 0 ? Math.max(items.length + from, 0) : from;
  return items.findIndex((item, index) => index >= start && ((nan && bothNaN(item, wanted)) || equal(item, wanted)));
}

function bothNaN(left: Value, right: Value): boolean {
  return Number.isNaN(left) && Number.isNaN(right);
}

function lastPosition(items: Value[], args: Value[]): Value {
  const from = args.length > 1 ? integer(args[1], 0) : items.length - 1;
  const last = from < 0 ? items.length + from : from;
  return items.findLastIndex((item, index) => index <= last && equal(item, args[0]));
}

function joined(items: Value[], separator: string): Value {
  return items.map((item) => (item === undefined || item === null ? '' : textOf(item))).join(separator);
}

/** A stable merge sort: with a function that contradicts itself the same order everywhere. Undefined comes last. */
function sortedBy(items: Value[], work: Callback): Value[] {
  const present = items.filter((item) => item !== undefined);
  const missing = items.filter((item) => item === undefined);
  return [...mergeSorted(present, work), ...missing];
}

function mergeSorted(items: Value[], work: Callback): Value[] {
  if (items.length < 2) return items;
  const half = Math.trunc(items.length / 2);
  return merged(mergeSorted(items.slice(0, half), work), mergeSorted(items.slice(half), work), work);
}

function merged(left: Value[], right: Value[], work: Callback): Value[] {
  const out: Value[] = [];
  let [first, second] = [0, 0];
  while (first < left.length && second < right.length) {
    const rightFirst = numberOf(work(left[first], right[second])) > 0;
    out.push(rightFirst ? right[second] : left[first]);
    if (rightFirst) second += 1;
    else first += 1;
  }
  return [...out, ...left.slice(first), ...right.slice(second)];
}

function sortedByText(items: Value[], compare: Value): Value {
  if (compare !== undefined) throw typeFault('`toSorted` takes a function such as `(a, b) => a - b`');
  const keyed = items.map((item) => ({ item, key: item === undefined ? undefined : textOf(item) }));
  const byText = keyed.toSorted(({ key: left }, { key: right }) => order(left, right));
  return byText.map(({ item }) => item);
}

function order(left: string | undefined, right: string | undefined): number {
  if (left === undefined || right === undefined) return Number(left === undefined) - Number(right === undefined);
  return left < right ? -1 : Number(left > right);
}

function replaced(items: Value[], place: number, value: Value): Value {
  const index = place < 0 ? place + items.length : place;
  if (index >= 0 && index < items.length) return items.with(index, value);
  throw typeFault(`the list has ${items.length} items; there is none to replace`);
}

function reduced(items: Value[], work: Callback, args: Value[], indices: number[]): Value {
  if (args.length > 0) return indices.reduce((sum, index) => work(sum, items[index], index, items), args[0]);
  const [first, ...rest] = indices;
  if (first === undefined) throw typeFault('an empty list cannot be reduced without an initial value');
  return rest.reduce((sum, index) => work(sum, items[index], index, items), items[first]);
}

const text = (args: Value[], at = 0): string => textOf(args[at]);

const TEXTS = new Map<string, OnText>([
  ['at', (held, args) => held.at(integer(args[0], 0))?.toWellFormed()],
  ['charAt', (held, args) => held.charAt(integer(args[0], 0)).toWellFormed()],
  ['charCodeAt', (held, args) => held.charCodeAt(integer(args[0], 0))],
  ['codePointAt', (held, args) => held.codePointAt(integer(args[0], 0))],
  ['concat', (held, args) => held + args.map(textOf).join('')],
  ['endsWith', (held, args) => held.endsWith(text(args), integer(args[1], held.length))],
  ['includes', (held, args) => held.includes(text(args), integer(args[1], 0))],
  ['indexOf', (held, args) => held.indexOf(text(args), integer(args[1], 0))],
  ['lastIndexOf', (held, args) => held.lastIndexOf(text(args), args.length > 1 ? numberOf(args[1]) : NaN)],
  ['padEnd', (held, args) => held.padEnd(padded(integer(args[0], 0)), filler(args)).toWellFormed()],
  ['padStart', (held, args) => held.padStart(padded(integer(args[0], 0)), filler(args)).toWellFormed()],
  ['repeat', (held, args) => repeated(held, integer(args[0], 0))],
  ['replace', (held, args) => held.replace(text(args), text(args, 1))],
  ['replaceAll', (held, args) => held.replaceAll(text(args), text(args, 1))],
  ['slice', (held, args) => held.slice(...range(args, held.length)).toWellFormed()],
  ['split', (held, args) => split(held, args)],
  ['startsWith', (held, args) => held.startsWith(text(args), integer(args[1], 0))],
  ['substring', (held, args) => held.substring(...range(args, held.length)).toWellFormed()],
  ['toLowerCase', (held) => held.toLowerCase()],
  ['toString', (held) => held],
  ['toUpperCase', (held) => held.toUpperCase()],
  ['trim', (held) => held.trim()],
  ['trimEnd', (held) => held.trimEnd()],
  ['trimStart', (held) => held.trimStart()],
]);

function filler(args: Value[]): string {
  return args[1] === undefined ? ' ' : textOf(args[1]);
}

/** Characters of a text that is made. */
const LONGEST = 8_000_000;

function padded(target: number): number {
  if (target > LONGEST) throw tooMuch();
  return target;
}

function repeated(held: string, count: number): Value {
  if (count < 0 || count === Infinity) throw typeFault('`repeat` wants a count of zero or more');
  if (held.length * count > LONGEST) throw tooMuch();
  return held.repeat(count);
}

function split(held: string, [separator, limit]: Value[]): Value {
  const most = limit === undefined ? undefined : numberOf(limit) >>> 0;
  if (separator === undefined) return most === 0 ? [] : [held];
  const between = textOf(separator);
  return between === '' ? [...held].slice(0, most) : held.split(between, most);
}

function fixed(value: number, args: Value[]): Value {
  const digits = integer(args[0], 0);
  if (digits < 0 || digits > 100) throw typeFault('`toFixed` wants 0 to 100 digits');
  return value.toFixed(digits);
}

function radix(value: number, args: Value[]): Value {
  const base = integer(args[0], 10);
  if (base < 2 || base > 36) throw typeFault('`toString` wants a radix of 2 to 36');
  return value.toString(base);
}

/** The items an array pattern takes apart. */
export function items(value: Value): Value[] {
  return spread(value);
}
