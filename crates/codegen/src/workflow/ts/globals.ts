// The functions expressions may call, by full name.
import { secretFault, textOf, typeFault } from './names';
import { entries, members, numberOf, spread, stringified, truthy } from './operators';
import { Sealed, kindName, known } from './value';
import type { Value } from './value';

type Function = (args: Value[]) => Value;

/** Calls one of the listed functions. */
export function invoke(name: string, args: Value[]): Value {
  const found = FUNCTIONS.get(name);
  if (found === undefined) throw typeFault(`there is no function \`${name}\``);
  return found(args);
}

const math = (work: (...numbers: number[]) => number): Function => {
  return (args) => work(...args.map(numberOf));
};
const unary = (work: (number: number) => number): Function => math((number = NaN) => work(number));
const binary = (work: (first: number, second: number) => number): Function => {
  return math((first = NaN, second = NaN) => work(first, second));
};
const asks = (question: (value: unknown) => boolean): Function => {
  return ([value]) => {
    if (value instanceof Sealed) throw secretFault();
    return question(value);
  };
};

const FUNCTIONS = new Map<string, Function>([
  ['Array.isArray', ([value]) => Array.isArray(value)],
  ['Array.of', (args) => args],
  ['Boolean', ([value]) => truthy(value)],
  ['String', (args) => (args.length === 0 ? '' : textOf(args[0]))],
  ['Number', (args) => (args.length === 0 ? 0 : numberOf(args[0]))],
  ['isNaN', ([value]) => Number.isNaN(numberOf(value))],
  ['isFinite', ([value]) => Number.isFinite(numberOf(value))],
  ['Number.isNaN', asks(Number.isNaN)],
  ['Number.isFinite', asks(Number.isFinite)],
  ['Number.isInteger', asks(Number.isInteger)],
  ['Number.isSafeInteger', asks(Number.isSafeInteger)],
  ['parseFloat', ([value]) => Number.parseFloat(textOf(value))],
  ['parseInt', ([value, radix]) => Number.parseInt(textOf(value), radix === undefined ? 0 : numberOf(radix))],
  ['JSON.stringify', (args) => stringify(args)],
  ['JSON.parse', ([value]) => parse(textOf(value))],
  ['encodeURIComponent', ([value]) => encodeURIComponent(textOf(value).toWellFormed())],
  ['decodeURIComponent', ([value]) => decode(textOf(value))],
  ['Object.keys', ([value]) => entries(value).map(([key]) => key)],
  ['Object.values', ([value]) => entries(value).map(([, held]) => held)],
  ['Object.entries', ([value]) => entries(value)],
  ['Object.fromEntries', ([value]) => Object.fromEntries(spread(value).map(pair))],
  ['Object.assign', ([target, ...sources]) => assign(target, sources)],
  ['Object.hasOwn', ([value, key]) => hasOwn(value, textOf(key))],
  ['Math.abs', unary(Math.abs)],
  ['Math.acos', unary(Math.acos)],
  ['Math.asin', unary(Math.asin)],
  ['Math.atan', unary(Math.atan)],
  ['Math.atan2', binary(Math.atan2)],
  ['Math.cbrt', unary(Math.cbrt)],
  ['Math.ceil', unary(Math.ceil)],
  ['Math.cos', unary(Math.cos)],
  ['Math.exp', unary(Math.exp)],
  ['Math.floor', unary(Math.floor)],
  ['Math.hypot', math((...numbers) => numbers.reduce((sum, number) => Math.hypot(sum, number), 0))],
  ['Math.log', unary(Math.log)],
  ['Math.log10', unary(Math.log10)],
  ['Math.log2', unary(Math.log2)],
  ['Math.max', math(Math.max)],
  ['Math.min', math(Math.min)],
  ['Math.pow', binary(Math.pow)],
  ['Math.round', unary(Math.round)],
  ['Math.sign', unary(Math.sign)],
  ['Math.sin', unary(Math.sin)],
  ['Math.sqrt', unary(Math.sqrt)],
  ['Math.tan', unary(Math.tan)],
  ['Math.trunc', unary(Math.trunc)],
]);

function stringify([value, replacer, indent]: Value[]): Value {
  if (value === undefined) return undefined;
  if (replacer !== undefined && replacer !== null) {
    throw typeFault('JSON.stringify takes no replacer; give null and shape the value before');
  }
  const width = typeof indent === 'number' ? Math.trunc(Math.min(Math.max(indent, 0), 10)) : indent;
  return stringified(value, typeof width === 'number' || typeof width === 'string' ? width : undefined);
}

function parse(text: string): Value {
  const read = known(parsed(text), DEEPEST);
  if (read === undefined) throw typeFault('this is not JSON: it is nested too deep');
  return read;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw typeFault(`this is not JSON: ${why}`);
  }
}

/** Levels of lists and objects that are read. */
const DEEPEST = 128;

function decode(text: string): Value {
  try {
    return decodeURIComponent(text);
  } catch {
    throw typeFault('this text is not a valid URI component');
  }
}

function pair(value: Value): [string, Value] {
  if (!Array.isArray(value)) throw typeFault('Object.fromEntries wants a list of [key, value] pairs');
  return [textOf(value[0]), value[1]];
}

function assign(target: Value, sources: Value[]): Value {
  if (kindName(target) !== 'object') throw typeFault('Object.assign wants an object first, such as `{}`');
  return Object.fromEntries([target, ...sources].flatMap(members));
}

function hasOwn(value: Value, key: string): boolean {
  return entries(value).some(([own]) => own === key);
}
