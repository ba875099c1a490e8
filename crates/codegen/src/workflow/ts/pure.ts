// Steps that change nothing outside: writes and checks, the end of a run, a failure by design.
import { failure, success } from './run';
import type { At, Compute, Outcome } from './run';
import { truthy } from './operators';
import { data } from './steps';
import { EvaluationError, shown } from './value';
import type { Json } from './value';
import { kept } from './weight';

export type Operation = 'set' | 'append' | 'increment' | 'decrement' | 'get' | 'check' | 'script';

/** One write. Without `name`, a value or a check only. */
export type Write = { name?: Compute; op: Operation; value: Compute };

/** The writes in order; the output is the value of the last. Without any, what flows in flows out. */
export async function set(at: At, writes: Write[]): Promise<Outcome> {
  let last = data(at);
  for (const write of writes) {
    const value = kept(write.op === 'script' ? scripted(at, write.value) : write.value(at));
    if (write.op === 'check' && !truthy(value)) {
      return failure('CHECK_FAILED', 'verdict', 'the condition does not hold');
    }
    last = write.name === undefined ? value : apply(at, text(write.name(at)), write.op, value);
  }
  return success(last);
}

function apply(at: At, name: string, op: Operation, value: Json): Json {
  const old = at.scope.get(name) ?? null;
  if (op === 'get') return old;
  const next = combined(old, op, value);
  write(at, name, next);
  return next;
}

/** Writes a variable to the nearest scope. */
export function write(at: At, name: string, value: Json): void {
  at.scope.set(name, value);
  at.run.written(at);
}

/** The value of a script's statement: what JSON cannot hold is null. */
function scripted(at: At, value: Compute): Json {
  try {
    return value(at);
  } catch (thrown) {
    if (thrown instanceof EvaluationError && thrown.code === 'VALUE_NOT_JSON') return null;
    throw thrown;
  }
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

/** Ends the whole run with success and this output. */
export async function returns(at: At, value: Compute): Promise<Outcome> {
  const output = kept(value(at));
  at.run.returned = { output };
  at.run.stop();
  return success(output);
}

/** A failure by design. */
export async function fails(at: At, code: string, message: Compute): Promise<Outcome> {
  const said = message(at);
  return failure(code, 'verdict', typeof said === 'string' ? said : JSON.stringify(said));
}
