// What flows between steps, and what exists only while an expression is computed.

/** A text with a secret in it: never the secret itself, only its name. Activities put the secret in. */
export class Sealed {
  constructor(readonly parts: readonly SealedPart[]) {}

  /** A sealed value has no JSON form; in a trace it shows which secrets it names. */
  toJSON(): string {
    return this.parts.map((part) => (typeof part === 'string' ? part : `[secret ${part.secret}]`)).join('');
  }
}

export type SealedPart = string | { secret: string };

/** What variables, inputs and outputs hold: JSON, and texts with secrets in them. */
export type Json = null | boolean | number | string | Sealed | Json[] | { [key: string]: Json };

/** What an expression computes with: `undefined`, NaN and the infinities as well, at any depth. */
export type Value = undefined | null | boolean | number | string | Sealed | Value[] | { [key: string]: Value };

/** Thrown by an expression that cannot be evaluated; the step it belongs to fails with it. */
export class EvaluationError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly category = 'input',
  ) {
    super(message);
    this.name = 'EvaluationError';
  }
}

/** What an expression failed with; nothing where it is no failure of an expression. */
export function evaluationError(thrown: unknown): EvaluationError | undefined {
  if (thrown instanceof EvaluationError) return thrown;
  // Data may be nested deeper, or make longer text, than JavaScript holds.
  return thrown instanceof RangeError ? tooMuch() : undefined;
}

/** The failure of an expression that makes more than there may be. */
export function tooMuch(): EvaluationError {
  return new EvaluationError('EXPRESSION_FUEL', 'the expression takes too many steps or makes too much data');
}

const DEEPEST = 100;

/** The value as it may leave an expression. In lists undefined is null, as a member it is left out, as in JSON. */
export function json(value: Value, source: string): Json {
  if (value === undefined) throw new EvaluationError('VALUE_NOT_JSON', `${source} is undefined`);
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new EvaluationError('VALUE_NOT_JSON', `the result is ${value}, which is not a JSON value`);
  }
  return clean(value, DEEPEST) ?? null;
}

function clean(value: Value, levels: number): Json | undefined {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new EvaluationError('VALUE_NOT_JSON', `the result holds ${value}, which is not a JSON value`);
  }
  if (typeof value !== 'object' || value === null || value instanceof Sealed) return value;
  if (levels === 0) throw new EvaluationError('EXPRESSION_FUEL', `a value grows deeper than ${DEEPEST} levels`);
  if (Array.isArray(value)) return value.map((item) => clean(item, levels - 1) ?? null);
  return cleanObject(value, levels - 1);
}

function cleanObject(value: { [key: string]: Value }, levels: number): Json {
  const members: [string, Json][] = [];
  for (const [key, member] of Object.entries(value)) {
    const kept = clean(member, levels);
    if (kept !== undefined) members.push([key, kept]);
  }
  return Object.fromEntries(members);
}

/** The name of a value's kind, for messages. */
export function kindName(value: Value): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return value instanceof Sealed ? 'secret' : typeof value;
}

/** A value for a message: short, on one line. */
export function shown(value: Json): string {
  const whole = JSON.stringify(value);
  const short = Array.from(whole).slice(0, 60).join('');
  return short.length < whole.length ? `\`${short}…\`` : `\`${whole}\``;
}

/** What came as JSON, typed as such; nothing where it is nested deeper than so many levels. */
export function known(read: unknown, levels: number): Json | undefined {
  if (typeof read === 'string' || typeof read === 'number' || typeof read === 'boolean') return read;
  if (typeof read !== 'object' || read === null) return null;
  if (levels === 0) return undefined;
  if (Array.isArray(read)) return all(read.map((item) => known(item, levels - 1)));
  const values = all(Object.values(read).map((item) => known(item, levels - 1)));
  return values && Object.fromEntries(Object.keys(read).map((key, place) => [key, values[place] ?? null]));
}

function all(values: (Json | undefined)[]): Json[] | undefined {
  const found = values.filter((value) => value !== undefined);
  return found.length === values.length ? found : undefined;
}
