// Steps that change nothing outside: writes and checks, the end of a run, a failure by design.
import { EvaluationError, failure, success } from './run';
import type { Json, Outcome } from './run';
import { truthy } from './steps';
import type { At, Compute } from './steps';

export type Operation = 'set' | 'append' | 'increment' | 'decrement' | 'get' | 'check';

/** One write. Without `name`, a value or a check only. */
export type Write = { name?: Compute; op: Operation; value: Compute };

/** The writes in order; the output is the value of the last. Without any, `data` flows out. */
export async function set(at: At, writes: Write[], data: Json): Promise<Outcome> {
  let last = data;
  for (const write of writes) {
    const value = write.value(at);
    if (write.op === 'check' && !truthy(value)) {
      return failure('CHECK_FAILED', 'verdict', 'the condition does not hold');
    }
    last = write.name === undefined ? value : apply(at, text(write.name(at)), write.op, value);
  }
  return success(last);
}

function apply(at: At, name: string, op: Operation, value: Json): Json {
  const old = at.run.variables.get(name) ?? null;
  if (op === 'get') return old;
  const next = combined(old, op, value);
  at.run.variables.set(name, next);
  return next;
}

function combined(old: Json, op: Operation, value: Json): Json {
  if (op === 'append') return appended(old, value);
  if (op === 'increment') return number(old) + number(value);
  return op === 'decrement' ? number(old) - number(value) : value;
}

function appended(old: Json, value: Json): Json {
  if (old === null) return [value];
  if (Array.isArray(old)) return [...old, value];
  if (typeof old === 'string' && typeof value === 'string') return old + value;
  throw new EvaluationError('WRONG_TYPE', `cannot append to ${shown(old)}: expected a list`);
}

function number(value: Json): number {
  if (value === null) return 0;
  if (typeof value === 'number') return value;
  throw new EvaluationError('WRONG_TYPE', `expected a number, found ${shown(value)}`);
}

function text(value: Json): string {
  if (typeof value === 'string') return value;
  throw new EvaluationError('WRONG_TYPE', `a variable's name must be text, found ${shown(value)}`);
}

/** A value for a message: short, on one line. */
export function shown(value: Json): string {
  const whole = JSON.stringify(value);
  const short = Array.from(whole).slice(0, 60).join('');
  return short.length < whole.length ? `\`${short}…\`` : `\`${whole}\``;
}

/** Ends the whole run with success and this output. */
export async function returns(at: At, value: Compute): Promise<Outcome> {
  const output = value(at);
  at.run.returned = { output };
  return success(output);
}

/** A failure by design. */
export async function fails(at: At, code: string, message: Compute): Promise<Outcome> {
  const said = message(at);
  return failure(code, 'verdict', typeof said === 'string' ? said : JSON.stringify(said));
}
