/**
 * What every activity stands on: parameters checked against the kind's schema, secrets opened late and taken out of
 * what comes back, errors with the code and category they have everywhere.
 */
import { createHash } from 'node:crypto';
import { ApplicationFailure, Context } from '@temporalio/activity';
import { isObject, listOf, member, objectOf, problemsOf, shown, textOf, toJson, withDefaults } from './schemas';
import type { Json, JsonObject, Problem, Schema } from './schemas';

export * from './schemas';

/** Which step of which run is performed. `attempt` is given where the workflow itself tries again. */
export type Step = {
  run: string;
  path: string;
  attempt?: number;
  /** How long the attempt may take; as long as Temporal says where absent. */
  timeoutMs?: number;
  /** Results of earlier steps that the parameters refer to, as `{output}` or `{error}` by path. */
  transcript?: JsonObject;
};

export type Category =
  | 'verdict'
  | 'input'
  | 'auth'
  | 'denied'
  | 'rate_limit'
  | 'network'
  | 'timeout'
  | 'upstream'
  | 'limit'
  | 'cancelled'
  | 'internal';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export type Backend = {
  provider: string;
  baseUrl?: string;
  /** The name of the secret that holds the key. */
  apiKey?: string;
  priority: number;
  rateLimitTpm?: number;
  maxConcurrent?: number;
  models: string[];
};

export type ModelSettings = {
  routing: 'failover' | 'round-robin' | 'least-loaded';
  retries: number;
  retryBaseDelayMs: number;
  retryMaxDelayMs: number;
  backends: Backend[];
};

/** What holds for every step of a flow. */
export type FlowSettings = {
  project: string;
  service: string;
  flow: string;
  egress: { hosts: string[]; allow: string[]; private: string[] };
  /** The one folder file kinds may touch. */
  files?: string;
  /** How much the flow may remember, in bytes; nothing where absent. */
  memory?: number;
  models?: ModelSettings;
  testData: Json;
};

/** A change of a variable, or a look at it. `through` is how the flow of another project asks. */
export type VariableChange = {
  scope: 'service' | 'project';
  through?: { project: string; interface: string };
  name: string;
  op: 'get' | 'set' | 'append' | 'increment' | 'decrement';
  value: Json;
  /** The step that asks: the same key changes nothing again. */
  key: string;
};

export type MemoryChange = {
  name: string;
  op: 'get' | 'list' | 'set' | 'append' | 'increment' | 'delete';
  value: Json;
  key: string;
};

/** What the host of an activity lends it. */
export type Ports = {
  attempt(): number;
  /** Milliseconds since 1970. */
  now(): number;
  /** The type of the workflow the step is one of. */
  workflow(): string;
  /** How long the attempt may take, in milliseconds. */
  timeout(): number;
  signal(): AbortSignal;
  heartbeat(detail: Json): void;
  sleep(millis: number): Promise<void>;
  secret(name: string): Promise<string | undefined>;
  log(level: LogLevel, message: string, metadata: Json): void;
  changeVariable(flow: FlowSettings, change: VariableChange): Promise<Json>;
  changeMemory(flow: FlowSettings, change: MemoryChange): Promise<Json>;
};

/** What an activity sees of the world. */
export type TaskContext = {
  readonly flow: FlowSettings;
  readonly run: string;
  readonly path: string;
  /** The same for every attempt, so that the other side can tell a repetition. */
  readonly key: string;
  readonly attempt: number;
  readonly now: number;
  readonly timeout: number;
  readonly signal: AbortSignal;
  secret(name: string): Promise<string>;
  holdsSecret(text: string): boolean;
  sleep(millis: number): Promise<void>;
  heartbeat(detail: Json): void;
  log(level: LogLevel, message: string, metadata?: Json): void;
  changeVariable(change: VariableChange): Promise<Json>;
  changeMemory(change: MemoryChange): Promise<Json>;
  recorded(path: string): Json | undefined;
};

/** A failure of a step, as a flow sees it. */
export class TaskError extends Error {
  retryAfterMs: number | undefined;
  detail: Json = null;

  constructor(
    readonly category: Category,
    readonly code: string,
    message: string,
    public retryable: boolean = category === 'rate_limit' || category === 'network' || category === 'timeout',
  ) {
    super(message);
  }
}

/** A failure of one of the ports, told in the words of the port. */
export class PortError extends Error {
  constructor(
    readonly port: 'VARIABLES' | 'MEMORY',
    readonly what: 'UNAVAILABLE' | 'REJECTED' | 'FULL',
    message: string,
  ) {
    super(message);
  }
}

export type Contract<Input> = {
  kind: string;
  input: Schema;
  output: Schema;
  fits(value: unknown): value is Input;
};

/** Binds a kind's schemas to the type that was made from them. */
export function contract<Input>(kind: string, input: Schema, output: Schema): Contract<Input> {
  const fits = (value: unknown): value is Input => problemsOf(input, toJson(value)).length === 0;
  return { kind, input, output, fits };
}

/** Performs one attempt of a step. */
export async function perform<Input, Output>(
  kind: Contract<Input>,
  work: (input: Input, cx: TaskContext) => Promise<Output>,
  flow: FlowSettings,
  ports: Ports,
  params: Json,
  step: Step,
): Promise<Json> {
  const secrets = new Secrets(ports);
  const late = new AbortController();
  const cx = contextOf(flow, ports, step, secrets, late.signal);
  // The workflow hears of a worker that is lost, and the step of a workflow that is cancelled.
  const alive = setInterval(() => ports.heartbeat(null), HEARTBEAT_MS);
  try {
    const input: Json = withDefaults(kind.input, await secrets.open(params));
    if (!kind.fits(input)) throw invalidParams(kind.kind, problemsOf(kind.input, input));
    const output = toJson(await inTime(cx.timeout, late, work(input, cx)));
    const wrong = problemsOf(kind.output, output);
    if (wrong.length > 0) {
      throw new TaskError('internal', 'OUTPUT_INVALID', `the output of \`${kind.kind}\` breaks its own contract: ${sentence(wrong)}`);
    }
    return sendable(secrets.clean(output));
  } catch (error) {
    throw failure(taskError(error, cx.signal), secrets);
  } finally {
    clearInterval(alive);
  }
}

/**
 * An attempt that takes too long ends itself. Temporal would end it no sooner than a worker that was lost, and could not
 * tell the two apart.
 */
function inTime<T>(timeoutMs: number, late: AbortController, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, reject) => {
    const end = (): void => {
      late.abort();
      reject(new TaskError('timeout', 'TASK_TIMEOUT', 'the task did not end within its time'));
    };
    timer = setTimeout(end, Math.min(timeoutMs, LONGEST_MS));
  });
  return Promise.race([work, over]).finally(() => clearTimeout(timer));
}

/** Node takes anything longer for no time at all. */
const LONGEST_MS = 2_147_483_647;

/** A third of the time after which a worker counts as lost. */
const HEARTBEAT_MS = 3_000;

/** What Temporal takes as one payload, with room to spare. */
const PAYLOAD_BYTES = 1_900_000;

function sendable(output: Json): Json {
  if (Buffer.byteLength(JSON.stringify(output)) <= PAYLOAD_BYTES) return output;
  const message = `what the step gives is larger than the ${PAYLOAD_BYTES} bytes Temporal takes; keep large values elsewhere`;
  throw new TaskError('limit', 'PAYLOAD_TOO_LARGE', message);
}

/** For a kind that parses and checks but is not built. */
export function notRunnable(message: string): Promise<Json> {
  return Promise.reject(failure(new TaskError('input', 'KIND_NOT_RUNNABLE', message)));
}

function contextOf(flow: FlowSettings, ports: Ports, step: Step, secrets: Secrets, late: AbortSignal): TaskContext {
  return {
    flow,
    run: step.run,
    path: step.path,
    key: `${step.run}/${step.path}`,
    attempt: step.attempt ?? ports.attempt(),
    now: ports.now(),
    timeout: step.timeoutMs ?? ports.timeout(),
    signal: AbortSignal.any([ports.signal(), late]),
    secret: (name) => secrets.get(name),
    holdsSecret: (text) => secrets.text(text) !== text,
    sleep: (millis) => ports.sleep(millis),
    heartbeat: (detail) => ports.heartbeat(secrets.clean(detail)),
    log: (level, message, metadata) => ports.log(level, secrets.text(message), secrets.clean(metadata ?? null)),
    changeVariable: (change) => ports.changeVariable(flow, change),
    changeMemory: (change) => {
      if (flow.memory !== undefined) return ports.changeMemory(flow, change);
      const message = 'this flow remembers nothing beyond its runs: write `memory: {}` into its `settings`';
      return Promise.reject(new TaskError('input', 'MEMORY_NOT_ENABLED', message));
    },
    recorded: (path) => step.transcript?.[path],
  };
}

function taskError(error: unknown, signal: AbortSignal): TaskError {
  if (error instanceof TaskError) return error;
  if (error instanceof PortError) {
    const category: Category = error.what === 'FULL' ? 'limit' : error.what === 'REJECTED' ? 'input' : 'internal';
    return new TaskError(category, `${error.port}_${error.what}`, error.message, error.what === 'UNAVAILABLE');
  }
  if (signal.aborted) return new TaskError('cancelled', 'TASK_CANCELLED', 'the step was cancelled');
  const reason = error instanceof Error ? error.message : String(error);
  return new TaskError('internal', 'TASK_PANICKED', `the implementation of this kind broke: ${reason}`);
}

function failure(error: TaskError, secrets?: Secrets): ApplicationFailure {
  const { code, category, retryable, retryAfterMs } = error;
  const message = secrets?.text(error.message) ?? error.message;
  const detail = secrets?.clean(error.detail) ?? error.detail;
  const told: JsonObject = { code, category, message, retryable };
  if (retryAfterMs !== undefined) told['retryAfterMs'] = retryAfterMs;
  if (detail !== null) told['detail'] = detail;
  return ApplicationFailure.create({
    type: code,
    message,
    nonRetryable: !retryable,
    details: [told],
    ...(retryAfterMs === undefined ? {} : { nextRetryDelay: retryAfterMs }),
  });
}

function invalidParams(kind: string, problems: Problem[]): TaskError {
  const error = new TaskError('input', 'INVALID_PARAMS', `\`${kind}\` cannot take these parameters: ${sentence(problems)}`);
  error.detail = problems.map(([path, message]) => ({ path, message }));
  return error;
}

function sentence(problems: Problem[]): string {
  return problems.map(([path, message]) => (path === '' ? message : `\`${path}\`: ${message}`)).join('; ');
}

// Times and noise

const UNITS: { [unit: string]: number } = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of whole milliseconds or text such as `30s`. */
export function duration(value: Json | undefined, name: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  const wrong = (reason: string): TaskError => new TaskError('input', 'INVALID_DURATION', `\`${name}\`: ${reason}`);
  if (typeof value === 'number') {
    if (Number.isInteger(value) && value >= 0) return value;
    throw wrong(`${value} is not a number of milliseconds`);
  }
  const found = typeof value === 'string' ? /^([0-9]+)(ms|s|m|h|d)$/.exec(value.trim()) : null;
  const unit = UNITS[found?.[2] ?? ''];
  if (found === null || unit === undefined) throw wrong(`\`${shown(value)}\` is not a duration; write it as \`250ms\`, \`30s\`, \`5m\`, \`2h\` or \`1d\``);
  return Number(found[1]) * unit;
}

/** A number in -1..1 that depends on the step, the attempt and `salt` alone. */
export function noise(cx: TaskContext, salt: number): number {
  const digest = createHash('sha256').update(`${cx.key}#${cx.attempt}#${salt}`).digest();
  return digest.readUIntBE(0, 6) / 2 ** 47 - 1;
}

/** ISO 8601 in UTC; milliseconds only where there are some. */
export function timestamp(millis: number): string {
  return new Date(millis).toISOString().replace('.000Z', 'Z');
}

// Secrets

/** The secrets one attempt has opened: put in at the last moment, taken out of all that leaves. */
class Secrets {
  private readonly opened = new Map<string, string>();
  private needles: [needle: string, name: string][] = [];

  constructor(private readonly ports: Ports) {}

  async get(name: string): Promise<string> {
    const value = await this.ports.secret(name);
    if (value === undefined) {
      throw new TaskError('auth', 'SECRET_UNKNOWN', `there is no secret \`${name}\` in this project; set it, or correct the name`);
    }
    this.learn(name, value);
    return value;
  }

  /** The value with every sealed text put together from its secrets. */
  async open(value: Json): Promise<Json> {
    if (Array.isArray(value)) return Promise.all(value.map((item) => this.open(item)));
    if (!isObject(value)) return value;
    const parts = member(value, '$sealed');
    if (parts !== undefined) {
      const opened = await Promise.all(listOf(parts).map((part) => this.openPart(part)));
      return opened.join('');
    }
    const members = await Promise.all(
      Object.entries(value).map(async ([name, item]): Promise<[string, Json]> => [name.startsWith('$$') ? name.slice(1) : name, await this.open(item)]),
    );
    return objectOf(members);
  }

  private async openPart(part: Json): Promise<string> {
    const name = textOf(member(part, 'secret'));
    return name === undefined ? (textOf(part) ?? '') : this.get(name);
  }

  private learn(name: string, value: string): void {
    if (value === '' || this.opened.has(value)) return;
    this.opened.set(value, name);
    const found = new Map(this.needles);
    for (const needle of spellings(value)) if (!found.has(needle)) found.set(needle, name);
    this.needles = Array.from(found).sort(([a], [b]) => b.length - a.length || (a < b ? -1 : 1));
  }

  text(text: string): string {
    return this.needles.reduce((text, [needle, name]) => {
      const searched = text === needle || (needle.length >= 4 && text.includes(needle));
      return searched ? text.replaceAll(needle, () => `[secret ${name}]`) : text;
    }, text);
  }

  clean(value: Json): Json {
    if (this.needles.length === 0) return value;
    if (typeof value === 'string') return this.text(value);
    if (Array.isArray(value)) return value.map((item) => this.clean(item));
    if (!isObject(value)) return value;
    return objectOf(Object.entries(value).map(([name, item]) => [this.text(name), this.clean(item)]));
  }
}

/** As it is, and as JSON, URLs, forms and base64 write it. */
function spellings(value: string): string[] {
  const percent = encodeURIComponent(value);
  const strict = percent.replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
  const form = new URLSearchParams([['', value]]).toString().slice(1);
  const plain = [value, JSON.stringify(value).slice(1, -1), strict, percent, form, strict.toLowerCase()];
  const inside = value.length < 4 ? [] : [0, 1, 2].flatMap((shift) => base64Inside(value, shift));
  return Array.from(new Set([...plain, ...inside]));
}

/** How it looks within the base64 of a longer text in which it begins `shift` bytes past a group of three. */
function base64Inside(value: string, shift: number): string[] {
  const bytes = Buffer.concat([Buffer.alloc(shift), Buffer.from(value)]);
  const [start, end] = [Math.ceil((shift * 8) / 6), Math.floor((bytes.length * 8) / 6)];
  const inner = [bytes.toString('base64'), bytes.toString('base64url')].map((text) => text.slice(start, end));
  return inner.filter((text) => text.length >= 4);
}

// The ports of a real worker

/** Secrets from the environment as `WEIR_SECRET_<NAME>`; variables and memory in the project's own workflow. */
export function workerPorts(): Ports {
  const current = (): Context => Context.current();
  return {
    attempt: () => current().info.attempt,
    workflow: () => current().info.workflowType ?? '',
    now: () => Date.now(),
    timeout: () => current().info.startToCloseTimeoutMs,
    signal: () => current().cancellationSignal,
    heartbeat: (detail) => current().heartbeat(detail),
    sleep: (millis) => current().sleep(millis),
    secret: (name) => Promise.resolve(process.env[`WEIR_SECRET_${name.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`]),
    log: (level, message, metadata) => current().log[level](message, { metadata }),
    changeVariable: (flow, change) => {
      const { project, service, flow: name } = flow;
      const asked = { ...change, from: project, service, flow: name };
      return askProject(flow, 'VARIABLES', change.through, 'changeVariable', asked);
    },
    changeMemory: (flow, change) =>
      askProject(flow, 'MEMORY', undefined, 'changeMemory', { ...change, flow: flow.flow, limit: flow.memory ?? 0 }),
  };
}

/** The type of the workflow that keeps a project's variables, and the task queue that every worker takes it from. */
const PROJECT_WORKFLOW = 'weirProject';
const PROJECTS = 'weir-project';
/** A workflow that goes over to a fresh history may miss a question. */
const ASKED = 3;

/** Sends an update to the workflow that keeps a project's variables. The project's own is started where it is missing. */
async function askProject(
  flow: FlowSettings,
  port: 'VARIABLES' | 'MEMORY',
  through: { project: string; interface: string } | undefined,
  update: string,
  change: Json,
): Promise<Json> {
  const { client } = Context.current();
  const project = through?.project ?? flow.project;
  const handle = client.workflow.getHandle(`weir-project/${project}`);
  for (let asked = 1; ; asked += 1) {
    try {
      return await handle.executeUpdate<Json, [Json]>(update, { args: [change] });
    } catch (error) {
      const refused = causes(error).find((cause) => cause instanceof ApplicationFailure);
      if (refused instanceof ApplicationFailure) {
        throw new PortError(port, refused.type === 'FULL' ? 'FULL' : 'REJECTED', refused.message);
      }
      const isMissing = error instanceof Error && error.name === 'WorkflowNotFoundError';
      if (isMissing && through !== undefined) throw closed(port, through, change);
      if (asked === ASKED) throw unanswered(port, project, flow.flow, error);
      if (isMissing) await startProject(project);
    }
  }
}

async function startProject(project: string): Promise<void> {
  await Context.current().client.workflow.start(PROJECT_WORKFLOW, {
    workflowId: `weir-project/${project}`,
    taskQueue: PROJECTS,
    args: [project],
    workflowIdConflictPolicy: 'USE_EXISTING',
  });
}

/** A project that keeps nothing opens nothing, in the words of one that does. */
function closed(port: 'VARIABLES' | 'MEMORY', through: { project: string; interface: string }, change: Json): PortError {
  const name = textOf(member(change, 'name')) ?? '';
  return new PortError(port, 'REJECTED', `there is no interface \`${through.interface}\` of \`${through.project}\` that opens \`${name}\` to this flow`);
}

function unanswered(port: 'VARIABLES' | 'MEMORY', project: string, flow: string, error: unknown): PortError {
  const reason = error instanceof Error ? error.message : String(error);
  return new PortError(port, 'UNAVAILABLE', `the workflow of project \`${project}\` does not answer \`${flow}\`: ${reason}`);
}

/** Variables of the service and the project that a step's expressions name: values by name, null where unset. */
export async function readVariables(flow: FlowSettings, ports: Ports, params: Json, step: Step): Promise<Json> {
  const read = async (scope: 'service' | 'project'): Promise<Json> => {
    const names = listOf(member(params, scope)).map((name) => textOf(name) ?? '');
    const key = `${step.run}/${step.path}`;
    const look = (name: string): Promise<Json> => ports.changeVariable(flow, { scope, name, op: 'get', value: null, key });
    return objectOf(await Promise.all(names.map(async (name): Promise<[string, Json]> => [name, await look(name)])));
  };
  try {
    return { service: await read('service'), project: await read('project') };
  } catch (error) {
    throw failure(taskError(error, ports.signal()));
  }
}

function causes(error: unknown): unknown[] {
  return error instanceof Error ? [error, ...causes(error.cause)] : [];
}
