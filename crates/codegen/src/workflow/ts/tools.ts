// The tool calls of one turn: who answers them, and their results.
import { CancellationScope } from '@temporalio/workflow';
import type { Given, Told } from './asking';
import { member, readJson, textMember } from './reply';
import type { At, Body, Outcome } from './run';
import { Seat } from './seat';
import { abreast } from './turns';
import type { Json } from './value';
import { errorValue } from './wrap';

/** The most calls of one reply that are run. */
const CALLS_PER_TURN = 128;
/** The argument that holds the payload of a message where that is no object. */
const PAYLOAD = 'payload';

/**
 * A step of its own, whose output is the result, or a peer of the mailbox around the agent. `task` is the id of a step
 * whose result the history has as such.
 */
export type Tool = Told & ({ step: Body; task?: string } | { peer: string; wrapped: boolean });

/** Where the calls are made: `base` is the turn's path. */
export type Turn = { at: At; base: string; tools: Tool[] };

/** Runs everything the reply names; results in the order of the reply, or nothing where the agent is at its end. */
export async function runTools(turn: Turn, calls: Json[]): Promise<Given[] | undefined> {
  const ways = calls.map((call, place) => way(turn, call, place));
  const answers = ask(turn.at, ways);
  const scope = new CancellationScope();
  return scope.run(async () => {
    const works = ways.map((one, place) => () => perform(turn, one, answers.get(one), place, scope));
    const results = await Promise.all(abreast(works));
    const given = results.filter((result) => result !== undefined);
    return given.length === results.length ? given : undefined;
  });
}

/** What a call starts. */
type Way = { args: Json; step: Body; task: string | undefined } | { args: Json; peer: string } | { answer: Json };

function way(turn: Turn, call: Json, place: number): Way {
  if (place >= CALLS_PER_TURN) return refused('TOO_MANY_CALLS', `At most ${CALLS_PER_TURN} tools run in one turn.`);
  const args = argumentsOf(call);
  if (args === undefined) return refused('INVALID_ARGUMENTS', 'The arguments of a tool are a JSON object.');
  const name = textMember(call, 'name') ?? '';
  const tool = turn.tools.find((known) => known.name === name);
  if (tool === undefined) return { answer: todo(turn, name, args) ?? noSuchTool() };
  if ('step' in tool) return { args, step: tool.step, task: tool.task };
  const payload = tool.wrapped ? member(args, PAYLOAD) : args;
  if (payload !== undefined) return { args: payload, peer: tool.peer };
  return refused('INVALID_ARGUMENTS', `The arguments of this tool are an object with \`${PAYLOAD}\`.`);
}

/** An object, also one written as text; nothing is an empty one. */
function argumentsOf(call: Json): Json | undefined {
  const given = member(call, 'arguments') ?? null;
  if (given === null || (typeof given === 'string' && given.trim() === '')) return {};
  const read = typeof given === 'string' ? readJson(given) : { value: given };
  if (!('value' in read) || typeof read.value !== 'object' || Array.isArray(read.value)) return undefined;
  return read.value ?? undefined;
}

/** An agent keeps todos only where it can write to somebody. */
export function keepsTodos(at: At, tools: Tool[]): boolean {
  return at.thread instanceof Seat && tools.some((tool) => 'peer' in tool);
}

function todo({ at, tools }: Turn, name: string, args: Json): Json | undefined {
  return keepsTodos(at, tools) && at.thread instanceof Seat ? at.thread.todo(name, args) : undefined;
}

function refused(code: string, message: string): { answer: Json } {
  return { answer: { error: { code, message } } };
}

/** The same words whether the tool exists or not. */
function noSuchTool(): Json {
  return refused('UNKNOWN_TOOL', 'This tool cannot be used. Please verify its name and try again.').answer;
}

/** Sends the calls to peers, all at once, before any tool runs. */
function ask(at: At, ways: Way[]): Map<Way, Promise<Json>> {
  const peers = ways.filter((one) => 'peer' in one);
  const seat = at.thread instanceof Seat && peers.length > 0 ? at.thread : undefined;
  const answers = seat?.call(peers.map(({ peer, args }) => ({ peer, args }))) ?? [];
  const found = new Map<Way, Promise<Json>>();
  peers.forEach((peer, place) => {
    const answer = answers[place];
    if (answer !== undefined) found.set(peer, answer);
  });
  return found;
}

async function perform(
  turn: Turn,
  one: Way,
  answer: Promise<Json> | undefined,
  place: number,
  scope: CancellationScope,
): Promise<Given | undefined> {
  if ('answer' in one) return { value: one.answer };
  // An agent that is ended waits for no peer.
  if ('peer' in one) return { value: await Promise.race([answer ?? noSuchTool(), scope.cancelRequested]) };
  const base = `${turn.base}/tool[${place}]`;
  const outcome = await one.step({ ...turn.at, base, args: one.args, memory: new Map() });
  if (outcome.kind === 'cancelled') scope.cancel();
  return given(outcome, one.task === undefined ? undefined : `${base}/${one.task}`);
}

function given(outcome: Outcome, path: string | undefined): Given | undefined {
  if (outcome.kind === 'cancelled') return undefined;
  if (outcome.kind === 'failure') return { value: { error: errorValue(outcome.error) } };
  return path === undefined ? { value: outcome.output } : { path, output: outcome.output };
}
