import type { FlowNode, Projection } from "@/document";

/** A step in the list of steps, with how deep it stands in others. */
export interface OutlineRow {
  node: FlowNode;
  depth: number;
}

/**
 * Steps one below the other: in the order of the text; those of a graph in the order in which they are reached. What
 * stands in another comes right behind it.
 */
export function outline({ dialect, nodes, edges }: Pick<Projection, "dialect" | "nodes" | "edges">): OutlineRow[] {
  const ordered = dialect === "graph" ? reached(nodes, edges) : nodes;
  const inside = insideOf(ordered);
  const rows: OutlineRow[] = [];
  const seen = new Set<string>();
  const list = (node: FlowNode, depth: number): void => {
    if (seen.has(node.key)) return;
    seen.add(node.key);
    rows.push({ node, depth });
    for (const child of inside.get(node.key) ?? []) list(child, depth + 1);
  };
  for (const node of inside.get(undefined) ?? []) list(node, 0);
  // A mistaken text may let steps stand in each other, and so in none that is listed.
  for (const node of ordered) list(node, 0);
  return rows;
}

/** What stands in each step, and in none. */
function insideOf(nodes: readonly FlowNode[]): Map<string | undefined, FlowNode[]> {
  const keys = new Set(nodes.map((node) => node.key));
  const inside = new Map<string | undefined, FlowNode[]>();
  for (const node of nodes) {
    const parent = node.parent !== undefined && keys.has(node.parent) ? node.parent : undefined;
    const others = inside.get(parent);
    if (others) others.push(node);
    else inside.set(parent, [node]);
  }
  return inside;
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
