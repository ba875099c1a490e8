/** Language models: which backend is asked, what is sent to it, and how its answer is read. */
import { HttpAnswer, chunks, header, isTransient, newCall, send, setHeader, statusCategory, statusError, wholeBody } from './egress';
import {
  Backend,
  Json,
  JsonObject,
  ModelSettings,
  TaskContext,
  TaskError,
  isObject,
  listOf,
  member,
  noise,
  numberOf,
  parseJson,
  problemsOf,
  shortened,
  shown,
  textOf,
} from './host';

export type ToolCall = { id: string; name: string; arguments: Json };
export type StopReason = 'stop' | 'tool_calls' | 'length' | 'content_filter' | 'other';
export type Reply = {
  text: string;
  toolCalls: ToolCall[];
  stopReason: StopReason;
  model: string;
  provider: string;
  usage: { inputTokens: number; outputTokens: number };
};

type Message =
  | { role: 'system' | 'user'; text: string }
  | { role: 'assistant'; text: string; calls: ToolCall[] }
  | { role: 'tool'; text: string; id: string };
type Tool = { name: string; description: string; schema: Json };

/** A conversation, put together from parameters and from what earlier steps said. */
export type Chat = {
  model: string | undefined;
  messages: Message[];
  tools: Tool[];
  numbers: JsonObject;
  stop: string[];
  /** JSON Schema the answer must satisfy. */
  output: Json | undefined;
  stream: boolean;
};

/** What `readChat` needs of a step's parameters. */
export type ChatInput = {
  model?: string | null;
  system?: string | null;
  messages: Json[];
  prompt?: Json;
  tools?: { name: string; description?: string; schema?: Json }[];
  output?: Json;
  temperature?: number | null;
  topP?: number | null;
  maxTokens?: number | null;
  stop?: string[];
  stream: boolean;
};

export function readChat(cx: TaskContext, input: ChatInput): Chat {
  const messages: Message[] = typeof input.system === 'string' ? [{ role: 'system', text: input.system }] : [];
  messages.push(...input.messages.map((message) => readMessage(cx, message)));
  if (input.prompt !== undefined && input.prompt !== null) messages.push({ role: 'user', text: shown(input.prompt) });
  if (messages.every((message) => message.role === 'system')) {
    throw new TaskError('input', 'MODEL_NO_MESSAGES', 'there is nothing to answer: give `messages` or `prompt`');
  }
  const numbers: JsonObject = {};
  if (typeof input.temperature === 'number') numbers['temperature'] = input.temperature;
  if (typeof input.topP === 'number') numbers['top_p'] = input.topP;
  if (typeof input.maxTokens === 'number') numbers['max_tokens'] = input.maxTokens;
  const tools = (input.tools ?? []).map(({ name, description = '', schema = { type: 'object' } }) => ({ name, description, schema }));
  const output = input.output === null ? undefined : input.output;
  return { model: input.model || undefined, messages, tools, numbers, stop: input.stop ?? [], output, stream: input.stream };
}

function readMessage(cx: TaskContext, message: Json): Message {
  const reference = textOf(member(message, '$ref'));
  if (reference !== undefined) {
    const reply = member(recorded(cx, reference), 'output');
    if (reply === undefined) throw missing(reference);
    return assistant(reply, 'text');
  }
  const tool = textOf(member(message, '$tool'));
  if (tool !== undefined) {
    const result = recorded(cx, tool);
    const output = member(result, 'output');
    const text = output === undefined ? JSON.stringify({ error: member(result, 'error') ?? null }) : shown(output);
    return { role: 'tool', id: textOf(member(message, 'id')) ?? '', text };
  }
  const content = member(message, 'content');
  const text = content === undefined || content === null ? '' : shown(content);
  switch (member(message, 'role')) {
    case 'system':
      return { role: 'system', text };
    case 'assistant':
      return assistant(message, 'content');
    case 'tool':
      return { role: 'tool', id: textOf(member(message, 'toolCallId')) ?? '', text };
    default:
      return { role: 'user', text };
  }
}

function assistant(reply: Json, field: string): Message {
  const said = member(reply, field);
  const calls = listOf(member(reply, 'toolCalls')).map((call) => ({
    id: textOf(member(call, 'id')) ?? '',
    name: textOf(member(call, 'name')) ?? '',
    arguments: member(call, 'arguments') ?? null,
  }));
  return { role: 'assistant', text: said === undefined || said === null ? '' : shown(said), calls };
}

function recorded(cx: TaskContext, path: string): Json {
  const found = cx.recorded(path);
  if (found === undefined) throw missing(path);
  return found;
}

function missing(path: string): TaskError {
  return new TaskError('input', 'TRANSCRIPT_MISSING', `the conversation refers to \`${path}\`, which has no result in this run`);
}

function turnsOf(chat: Chat): number {
  return chat.messages.filter((message) => message.role === 'assistant').length;
}

function characters(text: string): number {
  return Array.from(text).length;
}

// Which backend

type Shared = { open: number; waiting: (() => void)[]; tokens: number; filledAt: number; restUntil: number };

/** What all steps of this worker share about backends. */
const shared = new Map<string, Shared>();
let turn = 0;

/** Asks backends until one answers or all tries are used. */
export async function chat(cx: TaskContext, chat: Chat): Promise<Reply> {
  const script = member(cx.flow.testData, 'model');
  const usual: ModelSettings = { routing: 'failover', retries: 0, retryBaseDelayMs: 0, retryMaxDelayMs: 0, backends: [] };
  const settings: ModelSettings = { ...(cx.flow.models ?? usual) };
  if (script !== undefined && script !== null) settings.backends = [{ provider: 'scripted', priority: 0, models: [] }];
  const longest = settings.retryMaxDelayMs === 0 ? 60_000 : settings.retryMaxDelayMs;
  const before = (cx.attempt - 1) * (settings.retries + 1);
  const candidates = candidatesOf(settings, chat).map((backend) => ({ backend, notBefore: 0, failures: 0 }));
  let last: TaskError | undefined;
  for (let tried = 0; tried <= settings.retries; tried += 1) {
    const ranked = candidates.map((candidate) => ({ candidate, wait: Math.max(candidate.notBefore - Date.now(), waitOf(candidate.backend, estimateOf(chat))) }));
    const best = ranked.reduce((best, next) => (next.wait < best.wait ? next : best));
    if (best.wait > longest) {
      const error = last ?? new TaskError('rate_limit', 'MODEL_BUSY', `no backend can take the call for another ${Math.ceil(best.wait)}ms`);
      error.retryAfterMs = Math.ceil(best.wait);
      throw error;
    }
    if (best.wait > 0) await cx.sleep(Math.ceil(best.wait));
    const { candidate } = best;
    try {
      const reply = await inSlot(candidate.backend, estimateOf(chat), () => ask(cx, candidate.backend, chat, before + tried));
      checkAnswer(chat, reply);
      return reply;
    } catch (error) {
      if (!(error instanceof TaskError)) throw error;
      if (error.retryable) {
        candidate.failures += 1;
        const base = settings.retryBaseDelayMs === 0 ? 1_000 : settings.retryBaseDelayMs;
        const grown = Math.min(base * 2 ** (candidate.failures - 1), longest) * (1 + noise(cx, tried) * 0.25);
        if (error.retryAfterMs === undefined) candidate.notBefore = Date.now() + Math.min(grown, longest);
        else sharedOf(candidate.backend).restUntil = Date.now() + error.retryAfterMs;
      } else {
        candidates.splice(candidates.indexOf(candidate), 1);
      }
      if (candidates.length === 0 || ['input', 'limit', 'cancelled', 'internal'].includes(error.category)) throw error;
      last = error;
    }
  }
  // The backends that are left may do better another time, whatever the last one said.
  const error = last ?? new TaskError('rate_limit', 'MODEL_BUSY', 'no backend can take the call');
  error.retryable = true;
  throw error;
}

function candidatesOf(settings: ModelSettings, chat: Chat): Backend[] {
  const { model } = chat;
  const offering = settings.backends.filter(({ models }) => model === undefined || models.length === 0 || models.includes(model));
  if (settings.backends.length === 0) {
    const message = 'the flow names no model backend; add one to `settings.models.backends`, or replies to the test data';
    throw new TaskError('input', 'MODEL_NOT_CONFIGURED', message);
  }
  if (offering.length === 0) throw new TaskError('input', 'MODEL_NOT_OFFERED', `no backend of this flow offers the model \`${model ?? ''}\``);
  const ordered = offering.slice().sort((a, b) => a.priority - b.priority);
  if (settings.routing === 'least-loaded') return ordered.sort((a, b) => sharedOf(a).open - sharedOf(b).open);
  if (settings.routing === 'failover') return ordered;
  const first = turn++ % ordered.length;
  return [...ordered.slice(first), ...ordered.slice(0, first)];
}

function sharedOf(backend: Backend): Shared {
  const key = JSON.stringify([backend.provider, backend.baseUrl, backend.apiKey, backend.rateLimitTpm, backend.maxConcurrent]);
  const found = shared.get(key) ?? { open: 0, waiting: [], tokens: backend.rateLimitTpm ?? 0, filledAt: Date.now(), restUntil: 0 };
  shared.set(key, found);
  return found;
}

/** How long until the backend can take a call of this size, in milliseconds. */
function waitOf(backend: Backend, estimate: number): number {
  const state = sharedOf(backend);
  const rest = Math.max(0, state.restUntil - Date.now());
  if (backend.rateLimitTpm === undefined) return rest;
  const rate = backend.rateLimitTpm / 60_000;
  state.tokens = Math.min(backend.rateLimitTpm, state.tokens + (Date.now() - state.filledAt) * rate);
  state.filledAt = Date.now();
  return Math.max(rest, (Math.min(estimate, backend.rateLimitTpm) - state.tokens) / rate, 0);
}

/** Runs one call in a slot of the backend: the estimate is charged first, the difference after. */
async function inSlot(backend: Backend, estimate: number, call: () => Promise<Reply>): Promise<Reply> {
  const state = sharedOf(backend);
  while (state.open >= Math.max(1, backend.maxConcurrent ?? Number.POSITIVE_INFINITY)) {
    await new Promise<void>((resolve) => state.waiting.push(resolve));
  }
  state.open += 1;
  state.tokens -= estimate;
  try {
    const reply = await call();
    const used = reply.usage.inputTokens + reply.usage.outputTokens;
    if (used > 0) state.tokens += estimate - used;
    return reply;
  } finally {
    state.open -= 1;
    state.waiting.shift()?.();
  }
}

/** A rough count of the tokens a conversation takes, never below 100. */
function estimateOf(chat: Chat): number {
  const words = chat.messages.reduce((sum, message) => sum + characters(message.text), 0);
  const tools = chat.tools.reduce((sum, tool) => sum + tool.description.length + JSON.stringify(tool.schema).length, 0);
  return Math.max(100, Math.floor((words + tools) / 4));
}

function ask(cx: TaskContext, backend: Backend, chat: Chat, tried: number): Promise<Reply> {
  return backend.provider === 'scripted' ? scripted(cx, chat, tried) : openai(cx, backend, chat);
}

/** An answer for which a schema was given must be JSON that satisfies it. One that calls tools is not the answer yet. */
function checkAnswer(chat: Chat, reply: Reply): void {
  if (chat.output === undefined || reply.toolCalls.length > 0) return;
  const wrong = (reason: string): TaskError => new TaskError('upstream', 'MODEL_OUTPUT_INVALID', `the model's answer is not what was asked for: ${reason}`, true);
  const [problem] = problemsOf(chat.output, readJson(reply.text.trim(), (reason) => wrong(`it is not JSON: ${reason}`)));
  if (problem !== undefined) throw wrong(problem[0] === '' ? problem[1] : `\`${problem[0]}\`: ${problem[1]}`);
}

function readJson(text: string, wrong: (reason: string) => TaskError): Json {
  try {
    return parseJson(text);
  } catch (error) {
    throw wrong(error instanceof Error ? error.message : String(error));
  }
}

// A model that says what the flow's test data tells it to

async function scripted(cx: TaskContext, chat: Chat, tried: number): Promise<Reply> {
  const script = member(cx.flow.testData, 'model');
  if (script === undefined) {
    throw new TaskError('input', 'MODEL_SCRIPT_MISSING', "the scripted model needs replies in the flow's test data, under `model`");
  }
  const replies = Array.isArray(script) ? script : repliesFor(script, cx.path);
  const chosen = replies === undefined ? undefined : choose(replies, chat);
  if (chosen === undefined) {
    throw new TaskError('input', 'MODEL_SCRIPT_EXHAUSTED', `the script has no reply for turn ${turnsOf(chat) + 1} of \`${cx.path}\``);
  }
  const entry = Array.isArray(chosen) ? (chosen[Math.min(tried, chosen.length - 1)] ?? null) : chosen;
  const error = scriptedFailure(entry);
  if (error !== undefined) throw error;
  const reply = scriptedReply(entry, chat);
  cx.heartbeat(reply.text);
  return Promise.resolve(reply);
}

/** The list for the deepest step on the path that has one. */
function repliesFor(script: Json, path: string): Json[] | undefined {
  const segments = path.split('/').reverse();
  const named = segments.map((segment) => member(script, segment) ?? member(script, segment.split('[')[0] ?? ''));
  const found = named.find((replies) => replies !== undefined) ?? member(script, '*');
  return Array.isArray(found) ? found : undefined;
}

function choose(replies: Json[], chat: Chat): Json | undefined {
  const last = chat.messages[chat.messages.length - 1]?.text ?? '';
  const says = (entry: Json): boolean => {
    const wanted = textOf(member(entry, 'when'));
    return wanted !== undefined && last.includes(wanted);
  };
  return replies.find(says) ?? replies.filter((entry) => member(entry, 'when') === undefined)[turnsOf(chat)];
}

/** `{status, retryAfter?, message?}` stands for an answer with that status, `{error}` for a failure of another sort. */
function scriptedFailure(entry: Json): TaskError | undefined {
  const error = member(entry, 'error');
  if (error !== undefined) {
    const retryable = member(error, 'retryable');
    return new TaskError(
      'upstream',
      textOf(member(error, 'code')) ?? 'MODEL_REFUSED',
      textOf(member(error, 'message')) ?? 'the script says so',
      typeof retryable === 'boolean' ? retryable : true,
    );
  }
  const status = numberOf(member(entry, 'status'));
  if (status === undefined) return undefined;
  const said = textOf(member(entry, 'message')) ?? 'the script says so';
  const failed = new TaskError(statusCategory(status), 'MODEL_REFUSED', `\`scripted\` answered with status ${status}: ${said}`, isTransient(status));
  const wait = numberOf(member(entry, 'retryAfter'));
  failed.retryAfterMs = wait === undefined ? undefined : wait * 1_000;
  return failed;
}

function scriptedReply(entry: Json, chat: Chat): Reply {
  const given = member(entry, 'text');
  const text = typeof entry === 'string' ? entry : given === undefined || given === null ? '' : shown(given);
  const toolCalls = listOf(member(entry, 'toolCalls')).map((call, place) => ({
    id: textOf(member(call, 'id')) ?? `call_${place}`,
    name: textOf(member(call, 'name')) ?? '',
    arguments: member(call, 'arguments') ?? {},
  }));
  const usage = member(entry, 'usage');
  const spoken = chat.messages.reduce((sum, message) => sum + characters(message.text), 0);
  return {
    text,
    toolCalls,
    stopReason: stopReasonOf(textOf(member(entry, 'stopReason')), toolCalls.length > 0, true),
    model: textOf(member(entry, 'model')) ?? chat.model ?? 'scripted',
    provider: 'scripted',
    usage: {
      inputTokens: numberOf(member(usage, 'inputTokens')) ?? Math.ceil(spoken / 4),
      outputTokens: numberOf(member(usage, 'outputTokens')) ?? Math.ceil(characters(text) / 4),
    },
  };
}

function stopReasonOf(reason: string | undefined, calls: boolean, asGiven = false): StopReason {
  if (calls && !(asGiven && reason !== undefined)) return 'tool_calls';
  switch (reason) {
    case undefined:
    case 'stop':
      return 'stop';
    case 'function_call':
      return asGiven ? 'other' : 'stop';
    case 'tool_calls':
      return asGiven ? 'tool_calls' : 'stop';
    case 'length':
    case 'content_filter':
      return reason;
    default:
      return 'other';
  }
}

// The wire format most providers speak: `POST {base}/chat/completions`

const KNOWN: { [provider: string]: string } = {
  openai: 'https://api.openai.com/v1',
  anthropic: 'https://api.anthropic.com/v1',
  xai: 'https://api.x.ai/v1',
  ollama: 'http://localhost:11434/v1',
};

async function openai(cx: TaskContext, backend: Backend, chat: Chat): Promise<Reply> {
  const names = wireNames(chat.tools);
  const model = chat.model ?? backend.models[0];
  if (model === undefined) {
    throw new TaskError('input', 'MODEL_NOT_NAMED', `no model is named, and backend \`${backend.provider}\` lists none in \`models\``);
  }
  const base = backend.baseUrl ?? KNOWN[backend.provider];
  if (base === undefined) {
    throw new TaskError('input', 'MODEL_PROVIDER_UNKNOWN', `\`${backend.provider}\` is no known provider; give its \`baseUrl\``);
  }
  const call = newCall('POST', `${base.replace(/\/+$/, '')}/chat/completions`);
  call.followRedirects = false;
  // The attempt's own limit is what counts; a long answer streams for minutes.
  call.timeoutMs = Math.max(cx.timeout, 1_000);
  setHeader(call, 'content-type', 'application/json');
  if (backend.apiKey !== undefined) setHeader(call, 'authorization', `Bearer ${await cx.secret(backend.apiKey)}`, true);
  call.body = Buffer.from(JSON.stringify(wireBody(chat, model, names)));
  // A backend the flow names is a host the flow names; a private one still needs a word of its own.
  const answer = await send(cx, call, [call.url.hostname]);
  if (answer.status < 200 || answer.status > 299) throw await refused(cx, backend, answer);
  const streamed = header(answer, 'content-type')?.trimStart().startsWith('text/event-stream') ?? false;
  const reply = streamed ? await readStream(cx, answer, names) : readWhole((await wholeBody(answer)).toString(), names);
  cx.heartbeat(reply.text);
  return { ...reply, provider: backend.provider, model: reply.model === '' ? model : reply.model };
}

async function refused(cx: TaskContext, backend: Backend, answer: HttpAnswer): Promise<TaskError> {
  const text = (await wholeBody(answer).catch(() => Buffer.alloc(0))).toString();
  let said: string | undefined;
  try {
    said = errorMessage(parseJson(text));
  } catch {
    said = undefined;
  }
  const error = statusError('MODEL_REFUSED', `\`${backend.provider}\` answered with status ${answer.status}: ${said ?? shortened(text, 300)}`, answer, cx.now);
  error.detail = { status: answer.status };
  return error;
}

function errorMessage(body: Json): string | undefined {
  const error = member(body, 'error');
  if (error === undefined) return undefined;
  return shortened(shown(member(error, 'message') ?? error), 300);
}

type WireNames = { wire(name: string): string; own(wire: string): string };

/** Tool names as the wire allows them: letters, digits, `_` and `-`, at most 64; different tools stay different. */
function wireNames(tools: Tool[]): WireNames {
  const plain = (name: string): string => Array.from(name).slice(0, 64).map((one) => (/^[A-Za-z0-9_-]$/.test(one) ? one : '_')).join('') || 'tool';
  const byWire = new Map<string, string>();
  for (const { name } of tools) {
    const base = plain(name);
    let wire = base;
    for (let count = 2; byWire.has(wire); count += 1) wire = `${base.slice(0, 64 - `_${count}`.length)}_${count}`;
    byWire.set(wire, name);
  }
  const wire = (name: string): string => Array.from(byWire).find(([, own]) => own === name)?.[0] ?? plain(name);
  return { wire, own: (wire) => byWire.get(wire) ?? wire };
}

function wireBody(chat: Chat, model: string, names: WireNames): Json {
  const body: JsonObject = { model, messages: chat.messages.map((message) => wireMessage(message, names)) };
  if (chat.tools.length > 0) {
    body['tools'] = chat.tools.map(({ name, description, schema }) => ({ type: 'function', function: { name: names.wire(name), description, parameters: schema } }));
  }
  Object.assign(body, chat.numbers);
  if (chat.stop.length > 0) body['stop'] = chat.stop;
  if (chat.output !== undefined) body['response_format'] = { type: 'json_schema', json_schema: { name: 'answer', schema: chat.output, strict: true } };
  if (chat.stream) Object.assign(body, { stream: true, stream_options: { include_usage: true } });
  return body;
}

function wireMessage(message: Message, names: WireNames): Json {
  switch (message.role) {
    case 'tool':
      return { role: 'tool', tool_call_id: message.id, content: message.text };
    case 'assistant': {
      if (message.calls.length === 0) return { role: 'assistant', content: message.text };
      const calls = message.calls.map((call) => ({ id: call.id, type: 'function', function: { name: names.wire(call.name), arguments: JSON.stringify(call.arguments) } }));
      return { role: 'assistant', content: message.text === '' ? null : message.text, tool_calls: calls };
    }
    default:
      return { role: message.role, content: message.text };
  }
}

/** An answer that cannot be read; another one may be. */
function invalid(reason: string): TaskError {
  return new TaskError('upstream', 'MODEL_INVALID_REPLY', `the model's answer cannot be used: ${reason}`, true);
}

type PartialCall = { id: string | undefined; name: string; arguments: string };

function finishCall(call: PartialCall, place: number, names: WireNames): ToolCall {
  const given = call.arguments.trim() === '' ? '{}' : call.arguments;
  const read = readJson(given, (reason) => invalid(`the arguments of \`${shortened(call.name, 80)}\` are not JSON: ${reason}`));
  return { id: call.id ?? `call_${place}`, name: names.own(call.name), arguments: read };
}

function usageOf(body: Json): Reply['usage'] {
  const usage = member(body, 'usage');
  return { inputTokens: numberOf(member(usage, 'prompt_tokens')) ?? 0, outputTokens: numberOf(member(usage, 'completion_tokens')) ?? 0 };
}

/** An answer that came in one piece. */
function readWhole(text: string, names: WireNames): Reply {
  const body = readJson(text, (reason) => invalid(`it is not JSON: ${reason}`));
  const error = errorMessage(body);
  if (error !== undefined) throw invalid(error);
  const choice = listOf(member(body, 'choices'))[0];
  if (choice === undefined) throw invalid('it holds no choice');
  const message = member(choice, 'message');
  if (message === undefined) throw invalid('its choice holds no message');
  const toolCalls = listOf(member(message, 'tool_calls')).map((call, place) => {
    const of = member(call, 'function');
    return finishCall({ id: textOf(member(call, 'id')), name: textOf(member(of, 'name')) ?? '', arguments: textOf(member(of, 'arguments')) ?? '' }, place, names);
  });
  const stopReason = stopReasonOf(textOf(member(choice, 'finish_reason')), toolCalls.length > 0);
  return { text: textOf(member(message, 'content')) ?? '', toolCalls, stopReason, model: textOf(member(body, 'model')) ?? '', provider: '', usage: usageOf(body) };
}

/** Collects an answer that comes in pieces. */
async function readStream(cx: TaskContext, answer: HttpAnswer, names: WireNames): Promise<Reply> {
  const reply: Reply = { text: '', toolCalls: [], stopReason: 'stop', model: '', provider: '', usage: { inputTokens: 0, outputTokens: 0 } };
  const calls: PartialCall[] = [];
  let stop: string | undefined;
  const finish = (): Reply => {
    const toolCalls = calls.map((call, place) => finishCall(call, place, names));
    return { ...reply, toolCalls, stopReason: stopReasonOf(stop, toolCalls.length > 0) };
  };
  for await (const data of events(answer)) {
    if (data.trim() === '[DONE]') return finish();
    const event = readJson(data, (reason) => invalid(`a part of it is not JSON: ${reason}`));
    const error = errorMessage(event);
    if (error !== undefined) throw invalid(error);
    if (reply.model === '') reply.model = textOf(member(event, 'model')) ?? '';
    if (isObject(member(event, 'usage'))) reply.usage = usageOf(event);
    const choice = listOf(member(event, 'choices'))[0];
    stop = textOf(member(choice, 'finish_reason')) ?? stop;
    const delta = member(choice, 'delta');
    for (const part of listOf(member(delta, 'tool_calls'))) addCall(calls, part);
    reply.text += textOf(member(delta, 'content')) ?? '';
    cx.heartbeat(reply.text.length);
  }
  // Some servers leave out the last event; an answer that says why it stopped is whole all the same.
  if (stop !== undefined) return finish();
  throw new TaskError('network', 'MODEL_STREAM_CUT', "the model's answer broke off before its end");
}

function addCall(calls: PartialCall[], part: Json): void {
  const place = numberOf(member(part, 'index')) ?? Math.max(0, calls.length - 1);
  if (place >= 256) throw invalid('it calls more tools at once than can be meant');
  while (calls.length <= place) calls.push({ id: undefined, name: '', arguments: '' });
  const call = calls[place];
  if (call === undefined) return;
  call.id = textOf(member(part, 'id')) ?? call.id;
  const of = member(part, 'function');
  call.name += textOf(member(of, 'name')) ?? '';
  call.arguments += textOf(member(of, 'arguments')) ?? '';
}

/** Server-sent events: the data of each, its lines joined. */
async function* events(answer: HttpAnswer): AsyncGenerator<string> {
  let pending = Buffer.alloc(0);
  let data: string[] = [];
  for await (const bytes of chunks(answer)) {
    pending = Buffer.concat([pending, bytes]);
    for (let end = pending.indexOf(10); end >= 0; end = pending.indexOf(10)) {
      const line = pending.subarray(0, end).toString().replace(/\r+$/, '');
      pending = pending.subarray(end + 1);
      if (line === '' && data.length > 0) {
        yield data.join('\n');
        data = [];
      } else if (line.startsWith('data:')) {
        data.push(line.slice(5).replace(/^ /, ''));
      }
    }
  }
}
