import type { FlowNode, Projection } from "@/document";

/** A step of a run, as far as the canvas shows it. */
export interface StepState {
  path: string;
  status: string;
  attempts?: number;
  waiting?: string | null | undefined;
  error?: { message: string } | null | undefined;
}

/** What a node shows of a run: its newest step, and how many there were. */
export interface NodeState {
  status: string;
  path: string;
  count: number;
  detail: string;
  wait?: NodeWait;
}

/** What a step waits for. */
export interface NodeWait {
  words: string;
  /** When it goes on by itself, in milliseconds since 1970. */
  until?: number;
  /** Whether somebody has to answer. */
  asks: boolean;
}

/** States with what they wait for, by the paths of their steps. */
export function withWaits(states: ReadonlyMap<string, NodeState>, waits: ReadonlyMap<string, NodeWait>): Map<string, NodeState> {
  return new Map([...states].map(([key, state]) => {
    const wait = waits.get(state.path);
    return [key, wait ? { ...state, wait } : state];
  }));
}

/** A path without the indices of loops and attempts. */
const bare = (path: string): string => path.replace(/\[\d+\]/g, "");

/** Finds for each node of a flow its steps in a run. */
export function statesOf(projection: Projection, steps: readonly StepState[]): Map<string, NodeState> {
  const find = finder(projection);
  const states = new Map<string, NodeState>();
  for (const step of steps) {
    const key = find(step.path);
    if (key === undefined) continue;
    const before = states.get(key);
    const detail = step.error?.message ?? step.waiting ?? (step.attempts && step.attempts > 1 ? `attempt ${step.attempts}` : "");
    const kept = before && worse(before.status, step.status);
    states.set(key, kept ? { ...before, count: before.count + 1 } : { status: step.status, path: step.path, count: (before?.count ?? 0) + 1, detail });
  }
  return states;
}

/** What goes on is shown before what is over, and a skipped turn of a loop never hides another. */
function worse(before: string, now: string): boolean {
  const rank = (status: string) => ["running", "waiting"].indexOf(status) >= 0 ? 2 : status === "skipped" || status === "pending" ? 0 : 1;
  return rank(before) > rank(now);
}

function finder(projection: Projection): (path: string) => string | undefined {
  if (projection.dialect === "tree") return treeFinder(projection.nodes);
  const ids = new Map(projection.nodes.map((node) => [node.id, node.key]));
  return (path) => {
    const parts = bare(path).split("/");
    for (let at = parts.length - 1; at >= 0; at--) {
      const key = ids.get(parts[at] ?? "");
      if (key !== undefined) return key;
    }
    return undefined;
  };
}

/** A tree's paths leave out some nodes on the way, so the last id decides, and as many before it as agree. */
function treeFinder(nodes: readonly FlowNode[]): (path: string) => string | undefined {
  const byId = new Map<string, FlowNode[]>();
  for (const node of nodes) byId.set(node.id, [...(byId.get(node.id) ?? []), node]);
  return (path) => {
    const parts = bare(path).split("/");
    const found = byId.get(parts[parts.length - 1] ?? "") ?? [];
    const fits = (node: FlowNode) => node.key.split("/").filter((part) => parts.includes(part)).length;
    return [...found].sort((a, b) => fits(b) - fits(a))[0]?.key;
  };
}
