// What one run holds: its variables, its trace, and how it ends. Read `steps.ts` next.

import { Inbox } from './inbox';
import type { Account } from './reply';
import { Mark } from './resume';
import { Scope } from './scope';
import type { Json } from './value';

/** Why a step failed. The category `verdict` is a failure by design: it is never tried again. */
export type StepError = {
  code: string;
  category: string;
  message: string;
  retryable: boolean;
  path: string;
  detail: Json;
};

/** How a step ended. `handle` names the way out by which it left. */
export type Outcome =
  | { kind: 'success'; output: Json; handle?: string }
  | { kind: 'failure'; error: StepError }
  | { kind: 'cancelled' };

export type Status = 'running' | 'waiting' | 'succeeded' | 'failed' | 'cancelled' | 'skipped';

/** One step as a reader of the trace sees it; `path` is the same as in Weir. */
export type TraceEntry = { path: string; kind: string; status: Status; attempts: number; output: Json };

/** What a workflow ends with. */
export type Result = { status: 'succeeded'; output: Json; variables: { [name: string]: Json } };

export function success(output: Json, handle?: string): Outcome {
  return handle === undefined ? { kind: 'success', output } : { kind: 'success', output, handle };
}

export function failure(code: string, category: string, message: string): Outcome {
  return { kind: 'failure', error: { code, category, message, retryable: false, path: '', detail: null } };
}

/** The failure of what would go on for ever. */
export function endless(why: string): Outcome {
  return failure('LOOP_LIMIT', 'limit', `${IDLE_ROUNDS} iterations without a result from outside: ${why}`);
}

/** Where a step stands, and what its expressions see. Never changed: a step hands its children a copy. */
export type At = {
  run: Run;
  /** The path so far; the step's own id is appended to it. */
  base: string;
  /** Where it stands among the steps that have begun, from the outermost in. */
  place: number[];
  scope: Scope;
  /** What is kept of the step this is in, should the run go on in a fresh history. */
  mark: Mark;
  /** What the regions of this instance remember from one visit to the next, by region. */
  memory: Map<string, Memory>;
  /** What the nearest catch sees. */
  error?: Json;
  /** What the nearest loop is at. */
  item?: Json;
  index?: number;
  /** What flows into the nearest graph node. */
  data?: Json;
  within?: Within | undefined;
  /** The steps of the nearest graph. */
  nodes?: Nodes;
  message?: Json;
  thread?: Thread;
  args?: Json;
  /** The result of the call that is being stored. */
  output?: Json;
  /** What the nearest agent has used. */
  account?: Account;
  /** Variables of the service and the project, read for one step. */
  outer?: { service: Map<string, Json>; project: Map<string, Json> };
};

/** What a region keeps: outputs of settled children, the outcome of what runs once, the variables of a scope. */
export type Memory =
  | { kind: 'children'; outputs: Map<number, Json> }
  | { kind: 'once'; outcome: Outcome }
  | { kind: 'scope'; scope: Scope }
  | { kind: 'instance'; memory: Map<string, Memory> };

/** What expressions read as `nodes` inside a graph. */
export type Nodes = { get(id: string): Json | undefined; all(): Json };

/** What expressions read as `thread` inside a mailbox. */
export type Thread = { get(key: string): Json | undefined; all(): Json | undefined };

/** Which child of a region that looks at its guards again a step is in. */
export type Within = { region: Watcher; slot: number; around: Within | undefined };

export interface Watcher {
  /** A step that stands within `within` has written to `scope`. */
  written(scope: Scope, within: Within | undefined): void;
  signalled(): void;
}

/** A step, or a region of steps. */
export type Body = (at: At) => Promise<Outcome>;

/** Something computed from what the run holds. */
export type Compute = (at: At) => Json;

/** A condition. */
export type Test = (at: At) => boolean;

const IDLE_ROUNDS = 1_000_000;

/** The state all steps of one run share. */
export class Run {
  /** The variables of the run itself. */
  readonly variables = new Scope();
  readonly entries: TraceEntry[] = [];
  readonly inbox = new Inbox();
  /** Set by a return step: the run's output, whatever else is still open. */
  returned: { output: Json } | undefined;

  /** How many waits there are for something from outside. */
  open = 0;
  /** How often something came from outside. */
  turn = 0;
  /** How many of them are for something that only this history knows of. */
  busy = 0;
  /** How many open regions cannot be taken up again in a fresh history. */
  pinned = 0;
  /** What is kept of all steps. */
  mark = new Mark();
  /** Whether this history is not the first. */
  resumed = false;
  /** The run goes on in a fresh history. */
  left = false;
  /** Set where nothing could wake the run any more: it ends because of it. */
  stuck: StepError | undefined;

  /** Rounds since something last came from outside. */
  private rounds = 0;
  private entered = 0;

  constructor(
    readonly id: string,
    /** Milliseconds since 1970. */
    readonly startedAt: number,
    readonly input: Json,
  ) {}

  /** A number after those of all steps that began before. */
  nextPlace(): number {
    this.entered += 1;
    return this.entered;
  }

  enter(path: string, kind: string): TraceEntry {
    const known = this.resumed ? this.entries.findLast((one) => one.path === path) : undefined;
    if (known !== undefined) return known;
    const entry: TraceEntry = { path, kind, status: 'running', attempts: 0, output: null };
    this.entries.push(entry);
    return entry;
  }

  /** Notes that the step at `path` will never be entered, because no way leads to it any more. */
  skipped(path: string, kind: string): void {
    if (this.resumed && this.entries.some((entry) => entry.path === path)) return;
    this.entries.push({ path, kind, status: 'skipped', attempts: 0, output: null });
  }

  /** Counts one more round; not more are made than this without a result from outside. */
  countIdle(): boolean {
    this.rounds += 1;
    return this.rounds <= IDLE_ROUNDS;
  }

  /** Something came from outside. */
  awoken(): void {
    this.rounds = 0;
    this.turn += 1;
  }

  /** Notes that the open step at `path` waits for time, a signal or a person. */
  waits(path: string): void {
    const open = this.entries.findLast((entry) => entry.path === path);
    if (open !== undefined) open.status = 'waiting';
  }

  /** Ends all steps that are open; set where the run begins, as is what comes next. */
  stop: () => void = () => undefined;
  /** Ends the run without waiting for what is still open. */
  giveUp: () => void = () => undefined;
  /** Ends this history, after which the run goes on in a fresh one. */
  leave(): void {
    this.left = true;
    this.giveUp();
  }

  /** A signal may write variables. */
  assignsSignals = false;

  /** Notes that the open step at `path` is at this attempt. */
  attempted(path: string, attempts: number): void {
    const open = this.entries.findLast((entry) => entry.path === path);
    if (open !== undefined) open.attempts = attempts;
  }

  /** Regions that look at their guards again when something they see has changed, in the order they were entered. */
  readonly watchers = new Set<Watcher>();

  written(at: At): void {
    for (const watcher of this.watchers) watcher.written(at.scope, at.within);
  }

  signalled(): void {
    for (const watcher of this.watchers) watcher.signalled();
  }

  /** Ends a run in which nothing can wake any step. One that is stuck again while it ends is given up. */
  refuseToHang(): void {
    if (this.open > 0 || (this.assignsSignals && this.watchers.size > 0)) return;
    if (this.stuck !== undefined) return this.giveUp();
    const path = this.entries.find((entry) => entry.kind === 'wait' && entry.status === 'waiting')?.path ?? '';
    const message = `nothing can ever wake the step \`${path}\`: give it a timeout, or a signal to wait for`;
    this.stuck = { code: 'STUCK', category: 'limit', message, retryable: false, path, detail: null };
    this.stop();
  }

  /** A copy, so that a query cannot hand out what still changes. */
  trace(): TraceEntry[] {
    return this.entries.map((entry) => ({ ...entry }));
  }
}
