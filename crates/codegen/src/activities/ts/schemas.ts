// JSON, and whether it is as a JSON Schema wants it. Without Node and without Temporal: workflows and activities use it.

export type Json = null | boolean | number | string | Json[] | JsonObject;
export type JsonObject = { [key: string]: Json };
export type Schema = JsonObject;

// Values

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function member(value: Json | undefined, name: string): Json | undefined {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

export function listOf(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}

export function textOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function numberOf(value: Json | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

/** The value as a person reads it: text as it is, everything else as JSON. */
export function shown(value: Json | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}

/** The first `limit` characters. */
export function shortened(text: string, limit: number): string {
  const characters = Array.from(text.slice(0, 2 * limit + 2));
  return characters.length > limit ? `${characters.slice(0, limit).join('')}…` : text;
}

export function typeName(value: Json | undefined): string {
  if (value === undefined || value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

/** The value as JSON has it; what JSON does not know is left out. */
export function toJson(value: unknown): Json {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : null;
    case 'object':
      if (value === null) return null;
      if (Array.isArray(value)) return value.map((item: unknown) => toJson(item));
      return objectOf(Object.entries(value).filter(([, item]) => item !== undefined).map(([name, item]) => [name, toJson(item)]));
    default:
      return null;
  }
}

/** An object of these members; also `__proto__` is a member like the others. */
export function objectOf(members: [string, Json][]): JsonObject {
  const object: JsonObject = {};
  for (const [name, value] of members) {
    Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
  }
  return object;
}

/** A whole number that would lose digits is read as text with each of them. */
export function parseJson(text: string): Json {
  const value: unknown = JSON.parse(text);
  if (!/\d{16}/.test(text)) return toJson(value);
  const exact = text.replace(LONG_NUMBERS, (part) => (isExact(part) ? part : `"${part}"`));
  return toJson(exact === text ? value : JSON.parse(exact));
}

/** Strings, so that nothing in them is taken for a number, and whole numbers of 16 digits and more. */
const LONG_NUMBERS = /"(?:[^"\\]+|\\.)*"|(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/g;

function isExact(part: string): boolean {
  const held = Number(part);
  return part.startsWith('"') || !Number.isFinite(held) || String(held) === part || BigInt(part) === BigInt(held);
}

// Schemas

export type Problem = [path: string, message: string];

/** The value with absent members set to their defaults. */
export function withDefaults(schema: Schema, value: Json): Json {
  const properties = Object.entries(isObject(schema['properties']) ? schema['properties'] : {});
  const defaults = properties.filter(([, of]) => member(of, 'default') !== undefined);
  const given = value === null && defaults.length > 0 ? {} : value;
  if (!isObject(given)) return given;
  const missing = defaults.filter(([name]) => !Object.hasOwn(given, name));
  return objectOf([...Object.entries(given), ...missing.map(([name, of]): [string, Json] => [name, member(of, 'default') ?? null])]);
}

/** Everything in which a value is not as a JSON Schema wants it, at most eight. */
export function problemsOf(schema: Json, value: Json, root: Json = schema, path = ''): Problem[] {
  if (schema === true) return [];
  if (schema === false) return [[path, 'nothing is allowed here']];
  if (!isObject(schema)) return [];
  const found: Problem[] = [];
  for (const [keyword, rule] of Object.entries(schema)) {
    found.push(...problemsOfRule(keyword, rule, schema, value, root, path));
    if (found.length >= 8) break;
  }
  return found.slice(0, 8);
}

function problemsOfRule(keyword: string, rule: Json, schema: JsonObject, value: Json, root: Json, path: string): Problem[] {
  const here = (message: string): Problem[] => [[path, message]];
  const json = JSON.stringify(value);
  const inner = (schema: Json, value: Json, name?: string | number): Problem[] =>
    problemsOf(schema, value, root, name === undefined ? path : path === '' ? String(name) : `${path}.${name}`);
  switch (keyword) {
    case 'type': {
      const types = listOf(rule).length > 0 ? listOf(rule) : [rule];
      if (types.some((type) => isOfType(type, value))) return [];
      const names = types.map((type) => JSON.stringify(type)).join(', ');
      return here(`${json} is not of type${types.length > 1 ? 's' : ''} ${names}`);
    }
    case 'enum':
      return listOf(rule).some((one) => same(one, value)) ? [] : here(`${json} is not one of ${alternatives(listOf(rule))}`);
    case 'const':
      return same(rule, value) ? [] : here(`${JSON.stringify(rule)} was expected`);
    case 'allOf':
      return listOf(rule).flatMap((one) => inner(one, value));
    case 'anyOf':
      return listOf(rule).some((one) => inner(one, value).length === 0) ? [] : here(`${json} is not valid under any of the schemas listed in the 'anyOf' keyword`);
    case 'oneOf': {
      const count = listOf(rule).filter((one) => inner(one, value).length === 0).length;
      return count === 1 ? [] : here(`${json} is valid under ${count} of the schemas listed in the 'oneOf' keyword`);
    }
    case 'not':
      return inner(rule, value).length > 0 ? [] : here(`${JSON.stringify(rule)} is not allowed for ${json}`);
    case 'if': {
      const branch = inner(rule, value).length === 0 ? schema['then'] : schema['else'];
      return branch === undefined ? [] : inner(branch, value);
    }
    case '$ref':
      return inner(referred(root, textOf(rule) ?? '#'), value);
    case 'minimum':
      return typeof value === 'number' && value < Number(rule) ? here(`${json} is less than the minimum of ${rule}`) : [];
    case 'maximum':
      return typeof value === 'number' && value > Number(rule) ? here(`${json} is greater than the maximum of ${rule}`) : [];
    case 'exclusiveMinimum':
      return typeof value === 'number' && value <= Number(rule) ? here(`${json} is less than or equal to the minimum of ${rule}`) : [];
    case 'exclusiveMaximum':
      return typeof value === 'number' && value >= Number(rule) ? here(`${json} is greater than or equal to the maximum of ${rule}`) : [];
    case 'multipleOf':
      return typeof value === 'number' && !Number.isInteger(value / Number(rule)) ? here(`${json} is not a multiple of ${rule}`) : [];
    case 'minLength':
      return typeof value === 'string' && Array.from(value).length < Number(rule) ? here(`${json} is shorter than ${rule} character${rule === 1 ? '' : 's'}`) : [];
    case 'maxLength':
      return typeof value === 'string' && Array.from(value).length > Number(rule) ? here(`${shortened(json, 300)} is longer than ${rule} characters`) : [];
    case 'pattern':
      return typeof value === 'string' && !new RegExp(textOf(rule) ?? '', 'u').test(value) ? here(`${json} does not match ${JSON.stringify(rule)}`) : [];
    case 'minItems':
      return Array.isArray(value) && value.length < Number(rule) ? here(`${json} has less than ${rule} item${rule === 1 ? '' : 's'}`) : [];
    case 'maxItems':
      return Array.isArray(value) && value.length > Number(rule) ? here(`${json} has more than ${rule} items`) : [];
    case 'uniqueItems':
      return rule === true && Array.isArray(value) && value.some((item, place) => value.slice(0, place).some((other) => same(item, other))) ? here(`${json} has non-unique elements`) : [];
    case 'prefixItems':
      return Array.isArray(value) ? listOf(rule).flatMap((one, place) => (place < value.length ? inner(one, value[place] ?? null, place) : [])) : [];
    case 'items':
      return Array.isArray(value) ? value.slice(listOf(schema['prefixItems']).length).flatMap((item, place) => inner(rule, item, place)) : [];
    case 'contains':
      return Array.isArray(value) && !value.some((item) => inner(rule, item).length === 0) ? here(`None of ${json} are valid under the given schema`) : [];
    case 'minProperties':
      return isObject(value) && Object.keys(value).length < Number(rule) ? here(`${json} has less than ${rule} properties`) : [];
    case 'maxProperties':
      return isObject(value) && Object.keys(value).length > Number(rule) ? here(`${json} has more than ${rule} properties`) : [];
    case 'required': {
      if (!isObject(value)) return [];
      const missing = listOf(rule).filter((name) => !Object.hasOwn(value, shown(name)));
      return missing.flatMap((name) => here(`${JSON.stringify(name)} is a required property`));
    }
    case 'properties':
      if (!isObject(value) || !isObject(rule)) return [];
      return Object.entries(rule).flatMap(([name, one]) => (Object.hasOwn(value, name) ? inner(one, value[name] ?? null, name) : []));
    case 'patternProperties':
      if (!isObject(value) || !isObject(rule)) return [];
      return Object.entries(rule).flatMap(([pattern, one]) =>
        Object.entries(value).flatMap(([name, item]) => (new RegExp(pattern, 'u').test(name) ? inner(one, item, name) : [])),
      );
    case 'additionalProperties': {
      if (!isObject(value)) return [];
      const known = isObject(schema['properties']) ? schema['properties'] : {};
      const patterns = Object.keys(isObject(schema['patternProperties']) ? schema['patternProperties'] : {});
      const others = Object.entries(value).filter(([name]) => !Object.hasOwn(known, name) && !patterns.some((pattern) => new RegExp(pattern, 'u').test(name)));
      if (rule !== false) return others.flatMap(([name, item]) => inner(rule, item, name));
      if (others.length === 0) return [];
      const names = others.map(([name]) => `'${name}'`).join(', ');
      return here(`Additional properties are not allowed (${names} ${others.length > 1 ? 'were' : 'was'} unexpected)`);
    }
    default:
      return [];
  }
}

function referred(root: Json, reference: string): Json {
  const parts = reference.replace(/^#\/?/, '').split('/').filter((part) => part !== '');
  const names = parts.map((part) => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~'));
  return names.reduce<Json>((at, name) => member(at, name) ?? true, root);
}

function isOfType(type: Json, value: Json): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isObject(value);
    case 'integer':
      return typeof value === 'number' && Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

function alternatives(values: Json[]): string {
  const shown = values.map((value) => JSON.stringify(value));
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} or ${shown[shown.length - 1] ?? ''}`;
}

export function same(a: Json, b: Json): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, place) => same(item, b[place] ?? null));
  if (isObject(a) && isObject(b)) {
    const names = Object.keys(a);
    return names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && same(a[name] ?? null, b[name] ?? null));
  }
  return a === b;
}
