// What handlers of a mailbox send each other, and what their outputs ask for.
import type { StepError } from './run';
import { member, textMember } from './reply';
import { EvaluationError } from './value';
import type { Json } from './value';
import { kept, weigh } from './weight';

/** One message, roughly in bytes of JSON, and the envelope around its payload. */
export const MESSAGE_BYTES = 4 * 1_048_576;
const ENVELOPE = 64;

/** `{from, to, kind, payload, thread}`, and what it weighs. */
export type Letter = { value: { [name: string]: Json }; bytes: number };

/** What a message with this payload weighs; nothing where that is too much. */
export function weight(payload: Json): number | undefined {
  const bytes = weigh(payload, MESSAGE_BYTES);
  return bytes === undefined ? undefined : bytes + ENVELOPE;
}

/** One thing a handler's output asks for. */
export type Action =
  | { what: 'send'; to: string; payload: Json }
  | { what: 'respond'; answer: Json }
  | { what: 'todo'; todo: Json }
  | { what: 'todoDone'; id: string };

/** Nothing for null, the actions of an object or a list made of nothing else, and otherwise an answer. */
export function actionsOf(output: Json): Action[] {
  if (output === null) return [];
  const action = actionOf(output);
  if (action !== undefined) return [action];
  const listed = Array.isArray(output) ? output.map(actionOf) : [];
  const actions = listed.filter((one) => one !== undefined);
  if (actions.length > 0 && actions.length === listed.length) return actions;
  return [{ what: 'respond', answer: output }];
}

/** An object with exactly the members of an action. */
function actionOf(value: Json): Action | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const names = Object.keys(value);
  const [to, payload] = [textMember(value, 'to'), member(value, 'payload')];
  if (names.length === 2 && to !== undefined && payload !== undefined) return { what: 'send', to, payload };
  if (names.length !== 1) return undefined;
  const answer = member(value, 'respond');
  if (answer !== undefined) return { what: 'respond', answer };
  const todo = member(value, 'todo');
  if (todo !== undefined && member(todo, 'waitFor') !== undefined) return { what: 'todo', todo };
  const id = textMember(value, 'todoDone');
  return id === undefined ? undefined : { what: 'todoDone', id };
}

export const ROUTING_MESSAGE = 'Message could not be delivered. Please verify your target and try again.';

/** What a sender is told, in the same words whether the name is unknown or not its to use. */
export const ROUTING_ERROR: Json = { code: 'routing', message: ROUTING_MESSAGE, retryAllowed: true };

/** An error of a mailbox itself; it is placed where it passes through. */
export function fault(code: string, category: string, message: string): StepError {
  return { code, category, message, retryable: false, path: '', detail: null };
}

/** Why an output cannot be sent. */
export function refusal(output: Json): StepError | undefined {
  try {
    kept(output, 'a secret cannot be sent in a message; name it where it is used');
    return undefined;
  } catch (thrown) {
    if (thrown instanceof EvaluationError) return fault(thrown.code, thrown.category, thrown.message);
    throw thrown;
  }
}
