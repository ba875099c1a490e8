import type { FlowEdge, FlowNode, Projection, ProjectionProblem } from "../../projection";
import { at, get, isMap, items, type Json, type JsonMap, type Path, text, type TextNode, toJson } from "../../text/node";
import { summaryOf } from "../find";
import { settle } from "./routes";
import { handlesOf, shapeOf } from "./types";

/** Where the map with `nodes` is: bare, in `workflow`, or in the stored form's `definition`. */
export function bodyPath(doc: TextNode | undefined): Path | undefined {
  const paths: Path[] = [["workflow", "definition"], ["workflow"], ["definition"], []];
  return paths.find((path) => get(at(doc, path), "nodes") !== undefined);
}

/** The value of a key in either spelling: `activityName`, `activity_name`. */
export function either(node: TextNode | undefined, key: string): TextNode | undefined {
  return get(node, key) ?? get(node, key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
}

export function project(docs: TextNode[], source: string): Projection {
  const path = bodyPath(docs[0]) ?? [];
  const body = at(docs[0], path);
  const problems: ProjectionProblem[] = [];
  const lines = lineCounter(source);
  const nodes = nodesOf(body, path, lines, problems);
  const edges = edgesOf(body, path, new Set(nodes.map((node) => node.key)), lines, problems);
  withParents(nodes, edges);
  const name = text(get(body, "name")) ?? text(get(docs[0], "name")) ?? "";
  return { dialect: "graph", name, nodes, edges, problems };
}

type Lines = (offset: number) => number;

function lineCounter(source: string): Lines {
  const starts = [0];
  for (let at = source.indexOf("\n"); at >= 0; at = source.indexOf("\n", at + 1)) starts.push(at + 1);
  return (offset) => {
    let [low, high] = [0, starts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

function nodesOf(body: TextNode | undefined, path: Path, lines: Lines, problems: ProjectionProblem[]): FlowNode[] {
  const seen = new Set<string>();
  return items(get(body, "nodes")).flatMap((node, place) => {
    const id = text(get(node, "id"));
    if (id === undefined || seen.has(id)) {
      const message = id === undefined ? "a node needs an `id`" : `the id \`${id}\` is there twice; this node is not drawn`;
      problems.push({ message, line: lines(node.range[0]) });
      return [];
    }
    seen.add(id);
    return [drawn(node, id, [...path, "nodes", place], lines(node.range[0]))];
  });
}

const TASKS = new Set(["activity", "agent", "child-workflow"]);

function drawn(node: TextNode, id: string, path: Path, line: number): FlowNode {
  const type = text(get(node, "type")) ?? "";
  const data = get(node, "data");
  const { label: _label, config: read, ...rest } = mapOf(toJson(data));
  // What a merge key brings is no place to write to.
  const config = get(data, "config") ? read : undefined;
  const kind = kindOf(type, data);
  const position = toJson(get(node, "position"));
  return {
    key: id,
    id,
    title: text(get(data, "label")) || id,
    type,
    ...(kind ? { kind } : {}),
    shape: shapeOf(type, kind),
    doc: 0,
    path,
    range: node.range,
    line,
    handles: handlesOf(type, { ...mapOf(config), ...rest }),
    target: type !== "trigger",
    propsPath: ["data", "config"],
    props: mapOf(config),
    ...(Object.keys(rest).length > 0 ? { data: rest } : {}),
    summary: summaryOf(config),
    ...(isPoint(position) ? { position: { x: position.x, y: position.y } } : {}),
    region: false,
    ...(rest.disabled === true ? { disabled: true } : {}),
  };
}

const mapOf = (value: Json | undefined): JsonMap => (isMap(value) ? value : {});

function kindOf(type: string, data: TextNode | undefined): string | undefined {
  const named = text(either(data, "activityName")) ?? text(either(data, "componentName"));
  if (named && TASKS.has(type)) return named;
  return type.includes(".") ? type : undefined;
}

const isPoint = (value: Json): value is { x: number; y: number } => isMap(value) && typeof value.x === "number" && typeof value.y === "number";

function edgesOf(body: TextNode | undefined, path: Path, ids: Set<string>, lines: Lines, problems: ProjectionProblem[]): FlowEdge[] {
  const seen = new Set<string>();
  return items(get(body, "edges")).flatMap((edge, place) => {
    const [source, target] = [text(get(edge, "source")) ?? "", text(get(edge, "target")) ?? ""];
    const missing = [source, target].find((id) => !ids.has(id));
    if (missing !== undefined) {
      problems.push({ message: `this edge names \`${missing}\`, and there is no such node`, line: lines(edge.range[0]) });
      return [];
    }
    let key = text(get(edge, "id")) ?? `edge-${place}`;
    while (seen.has(key)) key += "~";
    seen.add(key);
    const handle = text(either(edge, "sourceHandle"));
    const label = text(get(edge, "label"));
    return [{ key, source, target, sort: "flow" as const, range: edge.range, doc: 0, path: [...path, "edges", place], ...(handle ? { handle } : {}), ...(label ? { label } : {}) }];
  });
}

/** Nodes of a loop's body stand in it, and those of a retry in that; they are regions. */
function withParents(nodes: FlowNode[], edges: readonly FlowEdge[]): void {
  const found = settle(nodes, edges);
  const owning = new Set(found.values());
  for (const node of nodes) {
    const owner = found.get(node.key);
    if (owner !== undefined) node.parent = owner;
    node.region = node.type === "loop" || owning.has(node.key);
  }
}
