// What one run holds: its variables, its trace, and how it ends. Read `steps.ts` next.

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

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

export type Status = 'running' | 'succeeded' | 'failed' | 'cancelled';

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

/** Thrown by an expression that cannot be evaluated; the step it belongs to fails with it. */
export class EvaluationError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = 'EvaluationError';
  }
}

const IDLE_ROUNDS = 1_000_000;

/** The state all steps of one run share. */
export class Run {
  readonly variables = new Map<string, Json>();
  readonly entries: TraceEntry[] = [];
  /** Set by a return step: the run's output, whatever else is still open. */
  returned: { output: Json } | undefined;

  /** Rounds since something last came from outside. */
  private rounds = 0;

  constructor(
    readonly id: string,
    readonly input: Json,
  ) {}

  enter(path: string, kind: string): TraceEntry {
    const entry: TraceEntry = { path, kind, status: 'running', attempts: 0, output: null };
    this.entries.push(entry);
    return entry;
  }

  /** Counts one more round; not more are made than this without a result from outside. */
  countIdle(): boolean {
    this.rounds += 1;
    return this.rounds <= IDLE_ROUNDS;
  }

  /** Something came from outside. */
  awoken(): void {
    this.rounds = 0;
  }

  /** Notes that the open step at `path` is at this attempt. */
  attempted(path: string, attempts: number): void {
    const open = this.entries.findLast((entry) => entry.path === path);
    if (open !== undefined) open.attempts = attempts;
  }

  /** A copy, so that a query cannot hand out what still changes. */
  trace(): TraceEntry[] {
    return this.entries.map((entry) => ({ ...entry }));
  }

  /** The variables by name. Their names are data: `__proto__` is a name like any other. */
  snapshot(): { [name: string]: Json } {
    return Object.fromEntries([...this.variables].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  }
}
