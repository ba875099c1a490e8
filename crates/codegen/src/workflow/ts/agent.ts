// An agent: asks its model, runs the tools the reply names, gives it their results, until it answers in words.
import { Results, paramsOf } from './asking';
import type { Given } from './asking';
import { Account, callsOf, readJson, textOf } from './reply';
import { failure, success } from './run';
import type { At, Compute, Outcome } from './run';
import { Seat } from './seat';
import { step } from './steps';
import { assign, perform } from './task';
import type { Assign, Spec } from './task';
import { keepsTodos, runTools } from './tools';
import type { Tool } from './tools';
import { shown } from './value';
import type { Json } from './value';

export type Agent = {
  /** The kind that asks the model, and how. */
  kind: string;
  ask: Spec;
  model: Compute;
  prompt: Compute;
  input: Compute;
  tools: Tool[];
  limits: { turns: number; tokens?: number; micros?: number };
  /** Passed to the model task as they are. */
  options: { [name: string]: Json };
  /** JSON Schema of the answer; text where absent. */
  output?: Json;
  assign: Assign[];
};

/** Turn t asks at `agent[t]/model`; tool k of its reply runs below `agent[t]/tool[k]`. */
export async function agent(around: At, what: Agent): Promise<Outcome> {
  const account = new Account(around.account);
  const at = { ...around, account };
  const [model, system, input] = [what.model(at), what.prompt(at), what.input(at)];
  const { options, tools, output = null } = what;
  const question = { options, model, system, input, told: new Array<Json>(), tools, output };
  const results = new Results();
  // What earlier steps gave, by path: parameters refer to it.
  const transcript: { [path: string]: Json } = {};
  for (let turn = 0; ; turn += 1) {
    const base = `${at.base}[${turn}]`;
    const before = overTurns(turn, what) ?? overUsage(account, what);
    if (before !== undefined) return before;
    const asked = await step({ ...at, base }, 'model', what.kind, (inner) =>
      perform(inner, what.ask, paramsOf(question, seatOf(at), keepsTodos(at, tools)), transcript),
    );
    if (asked.kind !== 'success') return asked;
    question.told.push({ $ref: `${base}/model` });
    transcript[`${base}/model`] = { output: asked.output };
    const calls = callsOf(asked.output);
    const over = overUsage(account, what) ?? (calls.length > 0 ? overTurns(turn + 1, what) : undefined);
    if (over !== undefined) return over;
    if (calls.length === 0) return finish(at, what, textOf(asked.output));
    const given = await runTools({ at, base, tools }, calls);
    if (given === undefined) return { kind: 'cancelled' };
    // No step of this turn is entered again.
    at.mark.drop(base);
    given.forEach((one) => record(transcript, one));
    question.told.push(...calls.map((call, place) => results.message(call, given[place] ?? { value: null })));
  }
}

function seatOf(at: At): Seat | undefined {
  return at.thread instanceof Seat ? at.thread : undefined;
}

function record(transcript: { [path: string]: Json }, given: Given): void {
  if ('path' in given) transcript[given.path] = { output: given.output };
}

function finish(at: At, what: Agent, text: string): Outcome {
  const answer = answerOf(what, text);
  if (answer.kind === 'success') assign(at, what.assign, answer.output);
  return answer;
}

/** The text as it is, or as JSON where the agent promises an object of some shape. */
function answerOf(what: Agent, text: string): Outcome {
  if (what.output === undefined) return success(text);
  const read = readJson(text);
  if ('value' in read) return success(read.value);
  const message = `the answer must be JSON, and ${shown(text)} is not: ${read.reason}`;
  return failure('AGENT_OUTPUT_INVALID', 'output', message);
}

function overTurns(turns: number, { limits }: Agent): Outcome | undefined {
  if (turns < limits.turns) return undefined;
  return failure('AGENT_TURN_LIMIT', 'limit', `the agent was not done after ${limits.turns} turns`);
}

function overUsage({ tokens, micros }: Account, { limits }: Agent): Outcome | undefined {
  if (limits.tokens !== undefined && tokens > limits.tokens) {
    const message = `the agent has used ${tokens} tokens; its limit is ${limits.tokens}`;
    return failure('AGENT_TOKEN_LIMIT', 'limit', message);
  }
  if (limits.micros === undefined || micros <= limits.micros) return undefined;
  const message = `the agent has cost ${micros} millionths; its limit is ${limits.micros}`;
  return failure('AGENT_COST_LIMIT', 'limit', message);
}
