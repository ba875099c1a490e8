import type { Json, Path, Range } from "./text/node";

export type DialectName = "tree" | "organism" | "graph" | "ir";

/** How a node is drawn. */
export type Shape = "trigger" | "model" | "task" | "code" | "branch" | "output" | "loop";

/** A node of a flow as it can be drawn, whichever dialect it is written in. */
export interface FlowNode {
  /** Names it within this projection, and in the next one if it is still there. */
  key: string;
  /** What expressions and steps call it. */
  id: string;
  /** What people call it. */
  title: string;
  /** The type as it is written. */
  type: string;
  /** The kind of its task, where it is one. */
  kind?: string;
  shape: Shape;
  /** The node it stands in: a tree's parent, a graph's loop. */
  parent?: string;
  doc: number;
  path: Path;
  range: Range;
  /** From 1. */
  line: number;
  /** The handles edges may leave by. */
  handles: string[];
  /** Whether edges may lead to it. */
  target: boolean;
  /** Where its parameters are kept, below its path. */
  propsPath: Path;
  props: Json;
  /** What else a graph says of it, beside its name and its parameters: how it is run. */
  data?: { [key: string]: Json };
  /** Said beside the parameters: retry, timeout, description. */
  summary: string;
  /** Where the text itself says where it lies. */
  position?: { x: number; y: number };
  /** Whether it has others inside, drawn or collapsed. */
  region: boolean;
  /** A run goes past it. */
  disabled?: boolean;
}

export interface FlowEdge {
  key: string;
  source: string;
  target: string;
  /** As it is written. */
  handle?: string;
  label?: string;
  /** The handles by which a run leaves along it, where a graph says so: what its handle, its label or its place comes to. */
  ways?: readonly string[];
  /** `child` is a tree's own line; it is moved, not cut. */
  sort: "flow" | "peer" | "child";
  range?: Range;
  doc: number;
  path: Path;
}

export interface Projection {
  dialect: DialectName;
  name: string;
  nodes: FlowNode[];
  edges: FlowEdge[];
  /** What could be read but not drawn. */
  problems: ProjectionProblem[];
}

export interface ProjectionProblem {
  message: string;
  line: number;
  key?: string;
}

/** The handle of those a node has that an edge leaves by; one that names none leaves by the usual one. */
export function handleOf({ dialect }: Pick<Projection, "dialect">, edge: FlowEdge, own: readonly string[]): string {
  const way = edge.ways?.[0] ?? edge.handle;
  const usual = own.includes("out") || own.length === 0;
  if (way !== undefined && (way !== "out" || usual)) return way;
  if (edge.sort === "child") return "child";
  return usual ? (dialect === "organism" ? "peer" : "out") : (own[0] ?? "out");
}

export const EMPTY: Projection = { dialect: "tree", name: "", nodes: [], edges: [], problems: [] };
