import { graphlib, layout } from "@dagrejs/dagre";
import type { CanvasData, FlowEdge, FlowNode, Point, Projection } from "@/document";

/** How large every node is drawn, in pixels at a zoom of 1. */
export const WIDTH = 184;
export const HEIGHT = 60;
const GAP_X = 72;
const GAP_Y = 24;

export interface Box extends Point {
  width: number;
  height: number;
}

/** Nodes that are not inside a collapsed one, and the edges between them; what leaves a collapsed one leaves it as a whole. */
export function visible(projection: Projection, collapsed: ReadonlySet<string>): Pick<Projection, "nodes" | "edges"> {
  if (collapsed.size === 0) return projection;
  const byKey = new Map(projection.nodes.map((node) => [node.key, node]));
  /** The outermost collapsed node that hides another. */
  const hiding = (node: FlowNode): FlowNode | undefined => {
    let found: FlowNode | undefined;
    for (let at = byKey.get(node.parent ?? ""); at; at = byKey.get(at.parent ?? "")) if (collapsed.has(at.key)) found = at;
    return found;
  };
  const instead = new Map(projection.nodes.map((node) => [node.key, hiding(node)]));
  const drawn = projection.edges.filter(({ source, target }) => !instead.get(source) && !instead.get(target));
  const joined = new Set(drawn.map(({ source, target }) => JSON.stringify([source, target])));
  const edges = projection.edges.flatMap((edge): FlowEdge[] => {
    const [whole, into] = [instead.get(edge.source), instead.get(edge.target)];
    if (!whole && !into) return [edge];
    const between = JSON.stringify([whole?.key, edge.target]);
    if (!whole || into || whole.key === edge.target || edge.sort !== "flow" || joined.has(between)) return [];
    joined.add(between);
    return [{ ...edge, source: whole.key, ways: [wayOut(whole, edge)] }];
  });
  return { nodes: projection.nodes.filter(({ key }) => !instead.get(key)), edges };
}

/** What leaves a loop or a retry from within is drawn where it would leave as a whole. */
function wayOut({ handles }: FlowNode, { ways, handle }: FlowEdge): string {
  if ((ways?.[0] ?? handle) === "error" && handles.includes("error")) return "error";
  return handles.find((one) => one === "out" || one === "done") ?? "out";
}

/** For each node that is collapsed, how many others are hidden in it. */
export function hiddenIn(nodes: readonly FlowNode[], collapsed: ReadonlySet<string>): Map<string, number> {
  const hidden = new Map<string, number>();
  if (collapsed.size === 0) return hidden;
  const byKey = new Map(nodes.map((node) => [node.key, node]));
  for (const key of collapsed) if (byKey.has(key)) hidden.set(key, 0);
  for (const node of nodes) for (let at = node.parent; at !== undefined; at = byKey.get(at)?.parent) if (collapsed.has(at)) hidden.set(at, (hidden.get(at) ?? 0) + 1);
  return hidden;
}

/** Where every node lies: where the text or the person says so, else where it is put. */
export function placeAll(projection: Projection, shown: Pick<Projection, "nodes" | "edges">, canvas: CanvasData): Map<string, Point> {
  const known = new Map<string, Point>();
  for (const node of shown.nodes) {
    const point = node.position ?? canvas.positions[node.key];
    if (point) known.set(node.key, point);
  }
  if (known.size === shown.nodes.length) return known;
  const computed = tidy(projection, shown);
  const below = projection.dialect === "graph" && known.size > 0 ? Math.max(...[...known.values()].map((point) => point.y)) + HEIGHT + GAP_Y : 0;
  return new Map(shown.nodes.map((node) => {
    const point = computed.get(node.key) ?? { x: 0, y: 0 };
    return [node.key, known.get(node.key) ?? { x: point.x, y: point.y + below }];
  }));
}

/** A layout for everything, whatever lay where before. */
export function tidy(projection: Projection, shown: Pick<Projection, "nodes" | "edges">): Map<string, Point> {
  return projection.dialect === "tree" ? tidyTree(shown.nodes) : tidyGraph(shown.nodes, shown.edges);
}

/** Parents at the left, their steps to the right of them from top to bottom: the order of the file. */
export function tidyTree(nodes: readonly FlowNode[]): Map<string, Point> {
  const children = new Map<string | undefined, FlowNode[]>();
  const keys = new Set(nodes.map((node) => node.key));
  for (const node of nodes) {
    const parent = node.parent !== undefined && keys.has(node.parent) ? node.parent : undefined;
    children.set(parent, [...(children.get(parent) ?? []), node]);
  }
  const places = new Map<string, Point>();
  let row = 0;
  const place = (node: FlowNode, depth: number): void => {
    const x = depth * (WIDTH + GAP_X);
    const inside = children.get(node.key) ?? [];
    places.set(node.key, { x, y: row });
    inside.forEach((child) => place(child, depth + 1));
    if (inside.length === 0) row += HEIGHT + GAP_Y;
  };
  for (const root of children.get(undefined) ?? []) {
    place(root, 0);
    row += GAP_Y * 2;
  }
  return places;
}

export function tidyGraph(nodes: readonly FlowNode[], edges: readonly FlowEdge[]): Map<string, Point> {
  const graph = new graphlib.Graph({ multigraph: true });
  graph.setGraph({ rankdir: "LR", nodesep: GAP_Y, ranksep: GAP_X, marginx: 0, marginy: 0 });
  for (const node of nodes) graph.setNode(node.key, { width: WIDTH, height: HEIGHT });
  for (const edge of edges) if (edge.source !== edge.target) graph.setEdge(edge.source, edge.target, {}, edge.key);
  layout(graph);
  return new Map(nodes.map((node) => {
    const at = graph.node(node.key) as { x: number; y: number };
    return [node.key, { x: Math.round(at.x - WIDTH / 2), y: Math.round(at.y - HEIGHT / 2) }];
  }));
}

/** What several nodes take up together, with a margin around them; nothing where there are none. */
export function around(points: readonly Point[], margin: number): Box | undefined {
  if (points.length === 0) return undefined;
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
  const [x, y] = [Math.min(...xs) - margin, Math.min(...ys) - margin];
  return { x, y, width: Math.max(...xs) + WIDTH + margin - x, height: Math.max(...ys) + HEIGHT + margin - y };
}

/** Lines nodes up by their left or upper edges, or apart evenly. */
export function align(places: ReadonlyMap<string, Point>, keys: readonly string[], how: "left" | "top" | "across" | "down"): { [key: string]: Point } {
  const chosen = keys.flatMap((key): [string, Point][] => {
    const point = places.get(key);
    return point ? [[key, point]] : [];
  });
  if (how === "left") return moved(chosen, (point, _, all) => ({ x: Math.min(...all.map(({ x }) => x)), y: point.y }));
  if (how === "top") return moved(chosen, (point, _, all) => ({ x: point.x, y: Math.min(...all.map(({ y }) => y)) }));
  const axis = how === "across" ? "x" : "y";
  chosen.sort((a, b) => a[1][axis] - b[1][axis]);
  const [first, last] = [chosen[0]?.[1][axis] ?? 0, chosen[chosen.length - 1]?.[1][axis] ?? 0];
  return moved(chosen, (point, at) => ({ ...point, [axis]: Math.round(first + ((last - first) * at) / Math.max(chosen.length - 1, 1)) }));
}

function moved(chosen: [string, Point][], to: (point: Point, at: number, all: Point[]) => Point): { [key: string]: Point } {
  const all = chosen.map(([, point]) => point);
  return Object.fromEntries(chosen.map(([key, point], at) => [key, to(point, at, all)]));
}
