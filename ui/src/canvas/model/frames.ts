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
export function framesOf({ dialect }: Projection, shown: Pick<Projection, "nodes">, groups: CanvasData["groups"], place: (key: string) => Point | undefined): Frame[] {
  const own = Object.entries(groups).flatMap(([id, { title, nodes }]) => framed(`group:${id}`, title, "group", nodes, boxOf(nodes, "group", place)));
  return dialect === "graph" ? [...regions(shown.nodes, place), ...own] : own;
}

function boxOf(keys: readonly string[], sort: Frame["sort"], place: (key: string) => Point | undefined): Box | undefined {
  const box = around(keys.flatMap((key) => place(key) ?? []), MARGIN[sort]);
  return box && { ...box, y: box.y - NAME[sort], height: box.height + NAME[sort] };
}

const framed = (id: string, title: string, sort: Frame["sort"], keys: readonly string[], box: Box | undefined): Frame[] => (box ? [{ id, title, sort, box, keys }] : []);

function regions(nodes: readonly FlowNode[], place: (key: string) => Point | undefined): Frame[] {
  const children = new Map<string, FlowNode[]>();
  for (const node of nodes) if (node.parent !== undefined) children.set(node.parent, [...(children.get(node.parent) ?? []), node]);
  const inside = (key: string): string[] => (children.get(key) ?? []).flatMap((node) => [node.key, ...inside(node.key)]);
  const box = (node: FlowNode): Box | undefined => {
    const direct = children.get(node.key) ?? [];
    return direct.map(box).reduce((whole, inner) => joined(whole, inner && wider(inner)), boxOf(direct.map(({ key }) => key), "region", place));
  };
  const depth = (node: FlowNode): number => (node.parent === undefined ? 0 : 1 + Math.max(0, ...nodes.filter(({ key }) => key === node.parent).map(depth)));
  const found = nodes.filter((node) => node.region).map((node) => ({ node, depth: depth(node) }));
  return found.sort((a, b) => a.depth - b.depth).flatMap(({ node }) => framed(`region:${node.key}`, `${node.title}: ${node.type === "retry" ? "tried again" : "repeated"}`, "region", inside(node.key), box(node)));
}

const wider = ({ x, y, width, height }: Box): Box => ({ x: x - BETWEEN, y: y - BETWEEN - NAME.group, width: width + 2 * BETWEEN, height: height + 2 * BETWEEN + NAME.group });

function joined(a: Box | undefined, b: Box | undefined): Box | undefined {
  if (!a || !b) return a ?? b;
  const [x, y] = [Math.min(a.x, b.x), Math.min(a.y, b.y)];
  return { x, y, width: Math.max(a.x + a.width, b.x + b.width) - x, height: Math.max(a.y + a.height, b.y + b.height) - y };
}
