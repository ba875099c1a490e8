import { type FlowEdge, type FlowNode, handleOf, type Projection } from "../../projection";
import { isMap, type JsonMap } from "../../text/node";
import { Refusal } from "../../text/refusal";
import { loopsAround } from "../find";

/** Steps that are to become a flow of their own, and how they hang together with the rest. */
export interface Boundary {
  inside: FlowNode[];
  /** The step that all edges from outside lead to. */
  entry: FlowNode;
  into: FlowEdge[];
  within: FlowEdge[];
  out: FlowEdge[];
  /** Where the edges out begin; where there are none, the one step that nothing follows. */
  exits: FlowNode[];
}

const GRAPH = { dialect: "graph" } as const;

const STAYS: Record<string, string> = {
  return: "ends the whole run, and would only end the sub-flow",
  "data-in": "says what this flow is given, and stays where it is",
  "data-out": "says what this flow answers to, and stays where it is",
};

/** The boundary of a selection; a start and an end stay where they are. Refuses where no call could take its place. */
export function boundaryOf(projection: Projection, keys: readonly string[]): Boundary {
  const selected = new Set(keys);
  const inside = projection.nodes.filter((node) => selected.has(node.key) && node.type !== "trigger" && node.type !== "end");
  const wanted = new Set(inside.map((node) => node.key));
  if (inside.length === 0) throw new Refusal("Select the steps that are to become a flow of their own first.");
  inside.forEach(mayMove);
  const has = (key: string) => wanted.has(key);
  const into = projection.edges.filter((edge) => !has(edge.source) && has(edge.target));
  const within = projection.edges.filter((edge) => has(edge.source) && has(edge.target));
  const out = projection.edges.filter((edge) => has(edge.source) && !has(edge.target));
  const entry = entryOf(inside, into, within);
  wholeLoops(projection, inside, has);
  const exits = exitsOf(projection, inside, within, out);
  if (out.length > 0) everyWayLeadsOut(inside, [...within, ...out]);
  return { inside, entry, into, within, out, exits };
}

function mayMove(node: FlowNode): void {
  const why = STAYS[node.type];
  if (why !== undefined) throw new Refusal(`${node.title} ${why}. Select the other steps without it.`);
  const props = settings(node);
  const how = props.direction ?? props.action ?? props.mode;
  if (node.type === "signal" && how !== "send") throw new Refusal(`${node.title} waits for a signal to this run, which a sub-flow, a run of its own, would not hear. Leave it out.`);
}

function entryOf(inside: FlowNode[], into: FlowEdge[], within: FlowEdge[]): FlowNode {
  const entries = inside.filter((node) => into.some((edge) => edge.target === node.key));
  const [entry] = entries;
  if (!entry) throw new Refusal("Nothing leads to these steps yet. Connect them first, so that it is known what flows in.");
  if (entries.length > 1) throw new Refusal(`There are several ways in: to ${titles(entries)}. A sub-flow begins at one step.`);
  const apart = unreached(inside, entry.key, within);
  if (apart.length > 0) throw new Refusal(`${titles(apart)} cannot be reached from ${entry.title} by selected steps. Select what lies between as well.`);
  return entry;
}

function unreached(inside: FlowNode[], start: string, within: FlowEdge[]): FlowNode[] {
  const [seen, open] = [new Set([start]), [start]];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const { target } of within.filter((edge) => edge.source === at)) {
      if (seen.has(target)) continue;
      seen.add(target);
      open.push(target);
    }
  }
  return inside.filter((node) => !seen.has(node.key));
}

/** A loop moves with everything it repeats, a retry with what it tries. */
function wholeLoops(projection: Projection, inside: FlowNode[], has: (key: string) => boolean): void {
  const loopOf = loopsAround(projection);
  for (const loop of inside.filter((node) => node.type === "loop")) {
    const left = projection.nodes.filter((node) => !has(node.key) && loopOf(node) === loop.key);
    if (left.length > 0) throw new Refusal(`${loop.title} repeats ${titles(left)} as well. Select all it repeats, or leave it out.`);
  }
  for (const retry of inside.filter((node) => node.type === "retry")) {
    const left = projection.nodes.filter((node) => !has(node.key) && projection.edges.some((edge) => edge.source === retry.key && edge.target === node.key));
    if (left.length > 0) throw new Refusal(`${retry.title} tries ${titles(left)}. Select both, or leave it out.`);
  }
}

function exitsOf(projection: Projection, inside: FlowNode[], within: FlowEdge[], out: FlowEdge[]): FlowNode[] {
  const byKey = new Map(projection.nodes.map((node) => [node.key, node]));
  const title = (key: string) => byKey.get(key)?.title ?? key;
  const failed = out.find((edge) => edge.ways?.[0] === "error");
  if (failed) throw new Refusal(`${title(failed.source)} leads to ${title(failed.target)} when it fails. Select both or neither: a sub-flow fails as a whole.`);
  const exits = inside.filter((node) => out.some((edge) => edge.source === node.key));
  const loopOf = loopsAround(projection);
  for (const exit of exits) onlyOneWay(exit, out, title, inside.find((node) => node.key === loopOf(exit)));
  if (exits.length > 1) alikeOutside(projection, exits, out, title);
  if (exits.length > 0) return exits;
  const last = inside.filter((node) => !within.some((edge) => edge.source === node.key));
  if (last.length !== 1) throw new Refusal(`Nothing follows these steps, and they end in several places: ${titles(last)}. Then it is not clear what comes out.`);
  return last;
}

function onlyOneWay(exit: FlowNode, out: FlowEdge[], title: (key: string) => string, around: FlowNode | undefined): void {
  const own = out.filter((edge) => edge.source === exit.key);
  const ways = new Set(own.map((edge) => handleOf(GRAPH, edge, exit.handles)));
  const targets = new Set(own.map((edge) => edge.target));
  if (ways.size > 1 && own.length !== targets.size * ways.size) throw new Refusal(`${exit.title} goes on by ${[...ways].join(" or ")} to different steps. A sub-flow goes on by one way; select what follows as well, up to where it meets.`);
  if (around) throw new Refusal(`${exit.title} leaves the loop ${around.title} on its way to ${title(own[0]?.target ?? "")}. Leave the loop out.`);
}

/** Several ways out are one where they meet at the same steps, and nothing else meets them there. */
function alikeOutside(projection: Projection, exits: FlowNode[], out: FlowEdge[], title: (key: string) => string): void {
  const behind = (exit: FlowNode) => [...new Set(out.filter((edge) => edge.source === exit.key).map((edge) => edge.target))].sort();
  const [first, ...others] = exits.map(behind);
  if (others.some((other) => JSON.stringify(other) !== JSON.stringify(first))) throw new Refusal(`There are several ways out, from ${titles(exits)}, to different steps. A sub-flow goes on by one way.`);
  const from = new Set(out.map((edge) => edge.source));
  const joined = projection.edges.find((edge) => first?.includes(edge.target) && !from.has(edge.source));
  if (joined) throw new Refusal(`${title(joined.target)} brings together ${titles(exits)} and ${title(joined.source)}. Its data would look different behind a sub-flow; select ${title(joined.source)} as well, or fewer steps.`);
}

const PASSES = new Set(["loop", "retry"]);

/** Behind a sub-flow the flow always goes on, so inside it no way may end before. */
function everyWayLeadsOut(inside: FlowNode[], edges: FlowEdge[]): void {
  for (const node of inside) {
    const used = new Set(edges.filter((edge) => edge.source === node.key).map((edge) => handleOf(GRAPH, edge, node.handles)));
    if (node.type === "fail") continue;
    if (used.size === 0) throw new Refusal(`Nothing follows ${node.title}, but something follows the sub-flow. Leave it out, or connect it.`);
    const open = PASSES.has(node.type) ? undefined : waysOf(node).find((handle) => !used.has(handle));
    if (open !== undefined) throw new Refusal(`${node.title} leads nowhere by ${open}. Behind a sub-flow the flow would go on all the same; connect it first.`);
  }
}

/** The ways a step may be left by when it does not fail. */
function waysOf(node: FlowNode): string[] {
  const props = settings(node);
  const waits = props.timeout !== undefined || props.deadline !== undefined;
  return node.handles.filter((handle) => handle !== "error" && (handle !== "timeout" || waits));
}

const settings = (node: FlowNode): JsonMap => (isMap(node.props) ? node.props : {});

/** Names of steps as they are read out: the first few of many. */
export function titles(nodes: readonly FlowNode[]): string {
  const names = nodes.slice(0, 4).map((node) => node.title);
  if (nodes.length > 4) return `${names.join(", ")} and ${nodes.length - 4} more`;
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
