import type { FlowEdge, FlowNode, Projection } from "@/document";

/** A step of a run, as far as the canvas shows it. */
export interface StepState {
  path: string;
  status: string;
  attempts?: number;
  waiting?: string | null | undefined;
  /** The handle it was left by, where it has several. */
  handle?: string | null | undefined;
  output?: unknown;
  error?: { message: string } | null | undefined;
}

/** What a node shows of a run: its newest step, and how many there were. */
export interface NodeState {
  status: string;
  path: string;
  /** How often it was come to, without the steps within it. */
  count: number;
  detail: string;
  wait?: NodeWait;
  /** How often it was left, by handle, and of how many items what it gave last was. */
  left: { [handle: string]: Left };
}

export interface Left {
  times: number;
  items?: number;
}

/** What an edge shows of a run. */
export interface EdgeState extends Left {
  /** Whether what it leads to is at work. */
  busy: boolean;
}

/** How a run went along an edge, read out. */
export function wentAlong({ times, items, busy }: EdgeState): string {
  const often = times > 1 ? `taken ${times} times` : items === undefined ? "taken" : `taken with ${items === 1 ? "1 item" : `${items} items`}`;
  return busy ? `${often}, at work` : often;
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
    const found = find(step.path);
    if (found === undefined) continue;
    const before = states.get(found.key);
    const left = leave(before?.left ?? {}, step, found.own);
    const count = (before?.count ?? 0) + (found.own && hasBegun(step) ? 1 : 0);
    const detail = step.error?.message ?? step.waiting ?? (step.attempts && step.attempts > 1 ? `attempt ${step.attempts}` : "");
    const kept = before && worse(before.status, step.status);
    states.set(found.key, kept ? { ...before, count, left } : { status: step.status, path: step.path, count, detail, left });
  }
  return states;
}

/** A loop is left for its body as often as there is a round of it, and a retry as often as it tries. */
function leave(left: NodeState["left"], step: StepState, own: boolean): NodeState["left"] {
  const round = !own && /\[\d+\]\/body$/.test(step.path);
  const over = step.status === "succeeded" || step.status === "failed";
  if (!round && (!own || !over)) return left;
  const handle = round ? "body" : (step.handle ?? (step.status === "failed" ? "error" : "out"));
  const times = (left[handle]?.times ?? 0) + 1;
  return { ...left, [handle]: { times, ...(Array.isArray(step.output) && !round ? { items: step.output.length } : {}) } };
}

/** Tells of an edge what it shows, where the run went along it. */
export function edgeStates({ dialect }: Pick<Projection, "dialect">, states: ReadonlyMap<string, NodeState>): (edge: FlowEdge) => EdgeState | undefined {
  return (edge) => {
    const [source, target] = [states.get(edge.source), states.get(edge.target)];
    if (!source || !target || !hasBegun(source) || !hasBegun(target)) return undefined;
    const known = dialect === "graph" ? along(source.left, edge.ways ?? []) : { times: 1 };
    return known && { ...known, busy: target.status === "running" || target.status === "waiting" };
  };
}

const hasBegun = ({ status }: { status: string }): boolean => status !== "skipped" && status !== "pending";

/** An edge may be what two handles lead to. */
function along(left: NodeState["left"], ways: readonly string[]): Left | undefined {
  const taken = ways.flatMap((way) => left[way] ?? []);
  return taken.length < 2 ? taken[0] : { times: taken.reduce((sum, { times }) => sum + times, 0) };
}

/** What goes on is shown before what is over, and a skipped turn of a loop never hides another. */
function worse(before: string, now: string): boolean {
  const rank = (status: string) => ["running", "waiting"].indexOf(status) >= 0 ? 2 : status === "skipped" || status === "pending" ? 0 : 1;
  return rank(before) > rank(now);
}

interface Found {
  key: string;
  /** Whether the path is that of the node itself, and not of something within it. */
  own: boolean;
}

function finder(projection: Projection): (path: string) => Found | undefined {
  if (projection.dialect === "tree") return treeFinder(projection.nodes);
  const ids = new Map(projection.nodes.map((node) => [node.id, node.key]));
  return (path) => {
    const parts = bare(path).split("/");
    for (let at = parts.length - 1; at >= 0; at--) {
      const key = ids.get(parts[at] ?? "");
      if (key !== undefined) return { key, own: at === parts.length - 1 };
    }
    return undefined;
  };
}

/** A tree's paths leave out some nodes on the way, so the last id decides, and as many before it as agree. */
function treeFinder(nodes: readonly FlowNode[]): (path: string) => Found | undefined {
  const byId = new Map<string, FlowNode[]>();
  for (const node of nodes) byId.set(node.id, [...(byId.get(node.id) ?? []), node]);
  return (path) => {
    const parts = bare(path).split("/");
    const found = byId.get(parts[parts.length - 1] ?? "") ?? [];
    const fits = (node: FlowNode) => node.key.split("/").filter((part) => parts.includes(part)).length;
    const [best] = [...found].sort((a, b) => fits(b) - fits(a));
    return best && { key: best.key, own: true };
  };
}
