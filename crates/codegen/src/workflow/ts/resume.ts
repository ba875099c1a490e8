// What a run takes along into a fresh history: what has ended inside steps that are still open, and what these keep.
import { continueAsNew, log } from '@temporalio/workflow';
import type { At, Memory, Outcome, Result, Run, TraceEntry } from './run';
import { Scope } from './scope';
import type { Plain } from './sealing';
import { now } from './timers';
import { atRest, stop } from './turns';
import type { Json } from './value';
import { fits } from './weight';

/** How many steps of the trace are taken along, the last ones. */
const STEPS = 1_000;

/** A run between two histories. */
export type Left = {
  startedAt: number;
  variables: [string, Json][];
  entries: TraceEntry[];
  signals: [string, Json[]][];
  mark: LeftMark;
};

type LeftMark = {
  outcome?: Outcome;
  kept: [string, Json][];
  steps: [string, LeftMark][];
  instances: [string, LeftMemory[]][];
};

type LeftMemory = [string, LeftKept];
type LeftKept =
  | { kind: 'children'; outputs: [number, Json][] }
  | { kind: 'once'; outcome: Outcome }
  | { kind: 'scope'; values: [string, Json][] }
  | { kind: 'instance'; memory: LeftMemory[] };

/** What is known of a step: how it ended, or what it keeps and how the steps in it ended. */
export class Mark {
  outcome: Outcome | undefined;
  readonly kept = new Map<string, Json>();
  private readonly steps = new Map<string, Mark>();
  private readonly instances = new Map<string, Map<string, Memory>>();

  /** That of the step at this path, which is directly inside. */
  step(path: string): Mark {
    const known = this.steps.get(path) ?? new Mark();
    this.steps.set(path, known);
    return known;
  }

  /** The memory of the instance that begins below this path. */
  instance(base: string): Map<string, Memory> {
    const known = this.instances.get(base) ?? new Map<string, Memory>();
    this.instances.set(base, known);
    return known;
  }

  end(outcome: Outcome): void {
    this.outcome = outcome;
    this.kept.clear();
    this.steps.clear();
    this.instances.clear();
  }

  /** Lets go of all below this path, which is not entered again. */
  drop(base: string): void {
    this.instances.delete(base);
    for (const path of this.steps.keys()) if (path.startsWith(`${base}/`)) this.steps.delete(path);
  }

  left(): LeftMark {
    return {
      ...(this.outcome === undefined ? {} : { outcome: this.outcome }),
      kept: [...this.kept],
      steps: [...this.steps].map(([path, mark]): [string, LeftMark] => [path, mark.left()]),
      instances: [...this.instances].map(([base, memory]): [string, LeftMemory[]] => [base, leftMemory(memory)]),
    };
  }

  static revived(left: LeftMark): Mark {
    const mark = new Mark();
    mark.outcome = left.outcome;
    for (const [key, value] of left.kept) mark.kept.set(key, value);
    for (const [path, step] of left.steps) mark.steps.set(path, Mark.revived(step));
    for (const [base, memory] of left.instances) mark.instances.set(base, revivedMemory(memory));
    return mark;
  }
}

function leftMemory(memory: Map<string, Memory>): LeftMemory[] {
  return [...memory].map(([key, kept]): LeftMemory => [key, leftKept(kept)]);
}

function leftKept(kept: Memory): LeftKept {
  if (kept.kind === 'children') return { kind: 'children', outputs: [...kept.outputs] };
  if (kept.kind === 'scope') return { kind: 'scope', values: kept.scope.own() };
  return kept.kind === 'once' ? kept : { kind: 'instance', memory: leftMemory(kept.memory) };
}

function revivedMemory(left: LeftMemory[]): Map<string, Memory> {
  return new Map(left.map(([key, kept]) => [key, revivedKept(kept)]));
}

function revivedKept(kept: LeftKept): Memory {
  if (kept.kind === 'children') return { kind: 'children', outputs: new Map(kept.outputs) };
  if (kept.kind === 'once') return kept;
  if (kept.kind === 'instance') return { kind: 'instance', memory: revivedMemory(kept.memory) };
  const scope = new Scope();
  for (const [name, value] of kept.values) scope.set(name, value);
  return { kind: 'scope', scope };
}

/** Computed once, however often the step is taken up again in a fresh history. */
export function latch<T extends Json>(at: At, key: string, compute: () => T, is: (value: Json) => value is T): T {
  const kept = at.mark.kept.get(key);
  if (kept !== undefined && is(kept)) return kept;
  const made = compute();
  at.mark.kept.set(key, made);
  return made;
}

export function isNumber(value: Json): value is number {
  return typeof value === 'number';
}

export function isJson(value: Json): value is Json {
  return value !== undefined;
}

/** When the wait of the step is over that is called so, in milliseconds since 1970. */
export function due(at: At, millis: () => number, key = 'due'): number {
  return latch(at, key, () => now() + millis(), isNumber);
}

/** A number the step keeps, 0 at first. */
export function counted(at: At, key: string): number {
  return latch(at, key, () => 0, isNumber);
}

/** Asks for a fresh history. Comes back where something is open that only this one knows of, or there is too much. */
export function handOver(run: Run): Promise<void> {
  return new Promise((resolve) => {
    atRest(() => {
      if (run.busy > 0 || run.pinned > 0 || run.watchers.size > 0) return resolve();
      if (!fits([JSON.stringify(left(run))])) {
        log.warn('the run keeps more than a fresh history can begin with, so it goes on in this one');
        return resolve();
      }
      stop();
      run.leave();
    });
  });
}

function left(run: Run): Left {
  const { startedAt, variables, entries, inbox, mark } = run;
  const open = entries.filter((entry, place) => place >= entries.length - STEPS || isOpen(entry));
  return { startedAt, variables: variables.own(), entries: open, signals: inbox.left(), mark: mark.left() };
}

function isOpen({ status }: TraceEntry): boolean {
  return status === 'running' || status === 'waiting';
}

/** Goes on in a fresh history. */
export function goOn(run: Run, given: Plain): Promise<never> {
  return continueAsNew<(given: Plain, left: Left) => Promise<Result>>(given, left(run));
}

/** Takes up what was left. */
export function takeUp(run: Run, before: Left): void {
  for (const [name, value] of before.variables) run.variables.set(name, value);
  for (const [name, payloads] of before.signals) payloads.forEach((payload) => run.inbox.deliver(name, payload));
  run.entries.push(...before.entries);
  run.mark = Mark.revived(before.mark);
  run.resumed = true;
}
