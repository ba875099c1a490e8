import type { CanvasData, FlowNode, Point, Projection } from "@/document";
import { around, type Box } from "./layout";

/** A box around steps: a group that somebody made, or what a loop or a retry of a graph repeats. */
export interface Frame {
  id: string;
  title: string;
  sort: "group" | "region";
  box: Box;
  /** The steps it is drawn around. */
  keys: readonly string[];
}

const MARGIN = { group: 14, region: 28 };
/** Room for the name above what is in it, which of a region is higher than that of a group of the same steps. */
const NAME = { group: 12, region: 20 };
/** Between a frame and one within it, which has a name of its own above it. */
const BETWEEN = 14;

/** The frames of a drawing, outer ones first; those of regions enclose those of regions within them. */
export function framesOf({ dialect }: Pick<Projection, "dialect">, shown: Pick<Projection, "nodes">, groups: CanvasData["groups"], place: (key: string) => Point | undefined): Frame[] {
  const own = Object.entries(groups).flatMap(([id, { title, nodes }]) => framed(`group:${id}`, title, "group", nodes, boxOf(nodes, "group", place)));
  return dialect === "graph" ? [...regions(shown.nodes, place), ...own] : own;
}

function boxOf(keys: readonly string[], sort: Frame["sort"], place: (key: string) => Point | undefined): Box | undefined {
  const box = around(keys.flatMap((key) => place(key) ?? []), MARGIN[sort]);
  return box && { ...box, y: box.y - NAME[sort], height: box.height + NAME[sort] };
}

const framed = (id: string, title: string, sort: Frame["sort"], keys: readonly string[], box: Box | undefined): Frame[] => (box ? [{ id, title, sort, box, keys }] : []);

function regions(nodes: readonly FlowNode[], place: (key: string) => Point | undefined): Frame[] {
  const byKey = new Map(nodes.map((node) => [node.key, node]));
  const children = new Map<string, FlowNode[]>(nodes.map(({ key }) => [key, []]));
  for (const node of nodes) if (node.parent !== undefined) children.get(node.parent)?.push(node);
  const depths = new Map<string, number>();
  const depth = (node: FlowNode): number => {
    const parent = byKey.get(node.parent ?? "");
    const found = depths.get(node.key) ?? (parent ? 1 + depth(parent) : 0);
    depths.set(node.key, found);
    return found;
  };
  const found = nodes.filter((node) => node.region).map((node) => ({ node, depth: depth(node) })).sort((a, b) => a.depth - b.depth);
  const boxes = new Map<string, Box | undefined>();
  const keys = new Map<string, string[]>();
  // Inner ones first: those around them are made of them.
  for (const { node } of found.toReversed()) {
    const direct = children.get(node.key) ?? [];
    const own = boxOf(direct.map(({ key }) => key), "region", place);
    boxes.set(node.key, direct.reduce((whole, { key }) => joined(whole, widened(boxes.get(key))), own));
    keys.set(node.key, direct.flatMap(({ key }) => [key, ...(keys.get(key) ?? [])]));
  }
  return found.flatMap(({ node }) => framed(`region:${node.key}`, `${node.title}: ${node.type === "retry" ? "tried again" : "repeated"}`, "region", keys.get(node.key) ?? [], boxes.get(node.key)));
}

const widened = (box: Box | undefined): Box | undefined => box && { x: box.x - BETWEEN, y: box.y - BETWEEN - NAME.group, width: box.width + 2 * BETWEEN, height: box.height + 2 * BETWEEN + NAME.group };

function joined(a: Box | undefined, b: Box | undefined): Box | undefined {
  if (!a || !b) return a ?? b;
  const [x, y] = [Math.min(a.x, b.x), Math.min(a.y, b.y)];
  return { x, y, width: Math.max(a.x + a.width, b.x + b.width) - x, height: Math.max(a.y + a.height, b.y + b.height) - y };
}
