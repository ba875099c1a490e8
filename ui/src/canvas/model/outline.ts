import type { FlowNode, Projection } from "@/document";

/** A step in the list of steps, with how deep it stands in others. */
export interface OutlineRow {
  node: FlowNode;
  depth: number;
}

/** No list can show more levels than this, and a mistaken text may name itself as its own parent. */
const DEEPEST = 64;

/** Steps one below the other: in the order of the text; those of a graph in the order in which they are reached. */
export function outline({ dialect, nodes, edges }: Pick<Projection, "dialect" | "nodes" | "edges">): OutlineRow[] {
  const byKey = new Map(nodes.map((node) => [node.key, node]));
  const ordered = dialect === "graph" ? reached(nodes, edges) : nodes;
  return ordered.map((node) => ({ node, depth: depthOf(node, byKey) }));
}

function depthOf(node: FlowNode, byKey: ReadonlyMap<string, FlowNode>): number {
  let depth = 0;
  for (let at = node.parent; at !== undefined && depth < DEEPEST; at = byKey.get(at)?.parent) depth++;
  return depth;
}

/** From the steps that nothing leads to, along the edges, nearer ones first, each step once. */
function reached(nodes: readonly FlowNode[], edges: Projection["edges"]): FlowNode[] {
  const byKey = new Map(nodes.map((node) => [node.key, node]));
  const next = new Map<string, string[]>();
  const led = new Set<string>();
  for (const { source, target } of edges) {
    next.set(source, [...(next.get(source) ?? []), target]);
    led.add(target);
  }
  const order = new Set<string>();
  const open = nodes.filter((node) => !led.has(node.key)).map((node) => node.key);
  for (let at = open.shift(); at !== undefined; at = open.shift()) {
    if (order.has(at)) continue;
    order.add(at);
    open.push(...(next.get(at) ?? []));
  }
  const rest = nodes.filter((node) => !order.has(node.key));
  return [...[...order].flatMap((key) => byKey.get(key) ?? []), ...rest];
}
