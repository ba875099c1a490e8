import type { Clip, Command, Incoming, NewNode, Point } from "../../commands";
import { type FlowEdge, type FlowNode, handleOf, type Projection } from "../../projection";
import { at, get, isMap, type Json, type JsonMap, type Path, toJson } from "../../text/node";
import type { Patch } from "../../text/patch";
import { Refusal } from "../../text/refusal";
import type { Done, TextCommand } from "../dialect";
import { asId, free, incomingOf, nodeOf } from "../find";
import { bodyPath } from "./project";
import { extract } from "./subflow";
import { handlesOf } from "./types";

type Of<D extends Command["do"]> = Extract<Command, { do: D }>;

/** How far apart nodes are put that nobody has placed. */
const STEP = 240;

export function apply(patch: Patch, projection: Projection, command: TextCommand): Done {
  switch (command.do) {
    case "add":
      return add(patch, projection, command);
    case "delete":
      return remove(patch, projection, command);
    case "connect":
      return connect(patch, projection, command);
    case "disconnect":
      return disconnect(patch, projection, command.edges);
    case "rename":
      return rename(patch, projection, command);
    case "set":
      return set(patch, projection, command);
    case "disable":
      return disable(patch, projection, command);
    case "duplicate":
      return pasteInto(patch, projection, withoutIncoming(copy(patch, projection, command.keys)), { x: 40, y: 60 });
    case "paste":
      return paste(patch, projection, command);
    case "position":
      return position(patch, projection, command.moves);
    case "move":
      throw new Refusal("Steps of a graph have no order among themselves; their edges say what comes first.");
    case "wrap":
      throw new Refusal("Steps of a graph are grouped, not wrapped.");
    case "extract":
      return extract(patch, projection, command.keys, command.name);
  }
}

const body = (patch: Patch): Path => bodyPath(patch.docs[0]) ?? [];

const idsOf = (projection: Projection): Set<string> => new Set(projection.nodes.map((node) => node.id));

function written(id: string, node: NewNode, place: Point): JsonMap {
  const data: JsonMap = {};
  if (node.title) data.label = node.title;
  if (node.kind) data.activityName = node.kind;
  if (node.props || node.kind) data.config = node.props ?? {};
  return { id, type: node.type, position: { x: Math.round(place.x), y: Math.round(place.y) }, data };
}

/** An empty text becomes a graph with nothing in it. */
function started(patch: Patch): void {
  if (patch.docs.length > 0) return;
  patch.replace(patch.format === "json" ? '{\n  "name": "flow",\n  "nodes": [],\n  "edges": []\n}\n' : "name: flow\nnodes: []\nedges: []\n");
}

function add(patch: Patch, projection: Projection, { node, place }: Of<"add">): Done {
  if (node.type === "trigger" && projection.nodes.some((there) => there.type === "trigger")) throw new Refusal("A graph has one start, and this one has it already.");
  started(patch);
  const id = free(asId(node.title ?? node.kind ?? node.type), idsOf(projection));
  const edge = projection.edges.find((found) => found.key === place.edge);
  const where = place.at ?? (edge ? between(projection, edge) : behind(projection, place.after));
  patch.insert(0, [...body(patch), "nodes"], Number.MAX_SAFE_INTEGER, { value: written(id, node, where) });
  if (edge) splice(patch, projection, edge, id, node);
  else if (place.after !== undefined) addEdge(patch, projection, nodeOf(projection, place.after), id, place.handle);
  return { added: [id] };
}

function between(projection: Projection, edge: FlowEdge): Point {
  const [from, to] = [nodeOf(projection, edge.source).position, nodeOf(projection, edge.target).position];
  return { x: ((from?.x ?? 0) + (to?.x ?? STEP)) / 2, y: ((from?.y ?? 0) + (to?.y ?? 0)) / 2 };
}

function behind(projection: Projection, key: string | undefined): Point {
  const points = projection.nodes.flatMap((node) => (node.position ? [node.position] : []));
  const right = points.reduce<Point>((most, point) => (point.x > most.x ? point : most), points[0] ?? { x: -STEP, y: 0 });
  const from = key === undefined ? right : (nodeOf(projection, key).position ?? right);
  const place = { x: from.x + STEP, y: from.y };
  while (points.some((point) => Math.abs(point.x - place.x) < 100 && Math.abs(point.y - place.y) < 60)) place.y += 100;
  return place;
}

/** Lets an edge end at a new node, and goes on from there to where it led. */
function splice(patch: Patch, projection: Projection, edge: FlowEdge, id: string, node: NewNode): void {
  const handle = firstHandle(node);
  if (node.type === "trigger") throw new Refusal("A start has nothing before it.");
  patch.set(0, [...edge.path, "target"], id);
  if (handle === undefined) return;
  writeEdge(patch, edgeIds(projection), id, edge.target, handle === "out" ? undefined : handle);
}

const firstHandle = (node: NewNode): string | undefined => handlesOf(node.type, node.props ?? {})[0];

const edgeIds = (projection: Projection): Set<string> => new Set(projection.edges.map((edge) => edge.key));

function writeEdge(patch: Patch, used: Set<string>, source: string, target: string, handle: string | undefined): void {
  const id = free(`${source}-${target}`, used);
  used.add(id);
  const value: JsonMap = { id, source, target };
  if (handle !== undefined && handle !== "out") value.sourceHandle = handle;
  patch.insert(0, [...body(patch), "edges"], Number.MAX_SAFE_INTEGER, { value });
}

/** The handle that is asked for; else the first that leads nowhere yet, else the first. */
function handleFrom(projection: Projection, node: FlowNode, wanted: string | undefined): string | undefined {
  if (wanted !== undefined) return wanted;
  const used = new Set(projection.edges.filter((edge) => edge.source === node.key).map((edge) => handleOf(projection, edge, node.handles)));
  return node.handles.find((handle) => !used.has(handle) && handle !== "error") ?? node.handles[0];
}

function addEdge(patch: Patch, projection: Projection, from: FlowNode, to: string, wanted: string | undefined): void {
  const handle = handleFrom(projection, from, wanted);
  if (handle === undefined) throw new Refusal(`Nothing comes after ${from.title}: it ends the flow.`);
  writeEdge(patch, edgeIds(projection), from.id, to, handle);
}

function connect(patch: Patch, projection: Projection, { source, target, handle }: Of<"connect">): Done {
  const [from, to] = [nodeOf(projection, source), nodeOf(projection, target)];
  if (!to.target) throw new Refusal(`${to.title} is where the flow begins; nothing leads to it.`);
  if (from.key === to.key) throw new Refusal("A step cannot lead to itself.");
  const chosen = handleFrom(projection, from, handle);
  const there = projection.edges.some((edge) => edge.source === source && edge.target === target && handleOf(projection, edge, from.handles) === (chosen ?? "out"));
  if (there) throw new Refusal("These two are connected already.");
  addEdge(patch, projection, from, to.id, chosen);
  return {};
}

const placeOf = (path: Path): number => Number(path[path.length - 1]);

function removePlaces(patch: Patch, things: readonly { path: Path }[]): void {
  for (const { path } of [...things].sort((a, b) => placeOf(b.path) - placeOf(a.path))) patch.remove(0, path);
}

function disconnect(patch: Patch, projection: Projection, keys: readonly string[]): Done {
  const gone = new Set(keys);
  removePlaces(patch, projection.edges.filter((edge) => gone.has(edge.key)));
  return {};
}

function remove(patch: Patch, projection: Projection, { keys, reconnect }: Of<"delete">): Done {
  const gone = new Set(keys);
  const bridges = reconnect ? bridging(projection, gone) : [];
  removePlaces(patch, projection.edges.filter((edge) => gone.has(edge.source) || gone.has(edge.target)));
  removePlaces(patch, projection.nodes.filter((node) => gone.has(node.key)));
  const used = edgeIds(projection);
  for (const { source, target, handle } of bridges) writeEdge(patch, used, source, target, handle);
  return {};
}

interface Bridge {
  source: string;
  target: string;
  handle: string | undefined;
}

/** From everything before what is deleted to everything after it, each once. */
function bridging(projection: Projection, gone: Set<string>): Bridge[] {
  const bridges = new Map<string, Bridge>();
  for (const into of projection.edges.filter((edge) => !gone.has(edge.source) && gone.has(edge.target))) {
    for (const target of exits(projection, into.target, gone)) {
      if (target === into.source) continue;
      bridges.set(JSON.stringify([into.source, into.handle, target]), { source: into.source, target, handle: into.handle });
    }
  }
  const there = new Set(projection.edges.map((edge) => JSON.stringify([edge.source, edge.handle, edge.target])));
  return [...bridges].flatMap(([key, bridge]) => (there.has(key) ? [] : [bridge]));
}

function exits(projection: Projection, start: string, gone: Set<string>): Set<string> {
  const [found, seen, open] = [new Set<string>(), new Set([start]), [start]];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const { target } of projection.edges.filter((edge) => edge.source === at && edge.ways?.[0] !== "error")) {
      if (!gone.has(target)) found.add(target);
      else if (!seen.has(target)) {
        seen.add(target);
        open.push(target);
      }
    }
  }
  return found;
}

function rename(patch: Patch, projection: Projection, { key, title }: Of<"rename">): Done {
  const label = title.trim();
  if (label === "") throw new Refusal("A name has at least one letter.");
  patch.set(0, [...nodeOf(projection, key).path, "data", "label"], label);
  return {};
}

function set(patch: Patch, projection: Projection, { key, path, value }: Of<"set">): Done {
  const whole = [...nodeOf(projection, key).path, ...path];
  if (value !== undefined) patch.set(0, whole, value);
  else if (patch.node(0, whole)) patch.remove(0, whole);
  return {};
}

/** Those decide where a run goes, or end it: nothing could flow past them. */
export const NEVER_DISABLED: ReadonlySet<string> = new Set(["trigger", "conditional", "condition", "loop", "retry", "approval", "end", "return", "fail"]);

function disable(patch: Patch, projection: Projection, { keys, disabled }: Of<"disable">): Done {
  for (const key of keys) {
    const node = nodeOf(projection, key);
    if (disabled && NEVER_DISABLED.has(node.type)) throw new Refusal(`${node.title} cannot be disabled: it decides where a run goes.`);
    set(patch, projection, { do: "set", key, path: ["data", "disabled"], value: disabled ? true : undefined });
  }
  return {};
}

function position(patch: Patch, projection: Projection, moves: { [key: string]: Point }): Done {
  const values = projection.nodes.flatMap((node): (readonly [Path, Json])[] => {
    const to = moves[node.key];
    if (!to) return [];
    const [x, y] = [Math.round(to.x), Math.round(to.y)];
    const there = get(patch.node(0, node.path), "position");
    if (!there || !node.position) return [[[...node.path, "position"], { x, y }]];
    return [[[...node.path, "position", "x"], x], [[...node.path, "position", "y"], y]];
  });
  patch.setAll(0, values);
  return {};
}

export function copy(patch: Patch, projection: Projection, keys: readonly string[]): Clip {
  const wanted = new Set(keys);
  const value = (path: Path) => toJson(at(patch.docs[0], path));
  const nodes = projection.nodes.filter((node) => wanted.has(node.key)).map((node) => value(node.path));
  const edges = projection.edges.filter((edge) => wanted.has(edge.source) && wanted.has(edge.target)).map((edge) => value(edge.path));
  const before = projection.edges.filter((edge) => wanted.has(edge.target) && !wanted.has(edge.source));
  const incoming = before.map(({ source, target, handle }): Incoming => ({ source, target, ...(handle === undefined ? {} : { handle }) }));
  return { weir: 1, dialect: "graph", nodes, edges, incoming };
}

function paste(patch: Patch, projection: Projection, { clip, place, joined }: Of<"paste">): Done {
  if (clip.dialect !== "graph") throw new Refusal(`What was copied is from ${clip.dialect === "tree" ? "a tree" : "an organism"}; this is a graph.`);
  started(patch);
  const corner = cornerOf(clip);
  const by = place.at ? { x: place.at.x - corner.x, y: place.at.y - corner.y } : { x: 40, y: 60 };
  return pasteInto(patch, projection, joined ? clip : withoutIncoming(clip), by);
}

const withoutIncoming = ({ incoming: _left, ...clip }: Clip): Clip => clip;

function cornerOf(clip: Clip): Point {
  const points = clip.nodes.map(pointOf);
  return { x: Math.min(...points.map((point) => point.x)), y: Math.min(...points.map((point) => point.y)) };
}

function pointOf(node: Json): Point {
  const position = isMap(node) && isMap(node.position) ? node.position : {};
  return { x: Number(position.x) || 0, y: Number(position.y) || 0 };
}

function pasteInto(patch: Patch, projection: Projection, clip: Clip, by: Point): Done {
  const ids = new Map<string, string>();
  const used = idsOf(projection);
  const hasStart = projection.nodes.some((node) => node.type === "trigger");
  for (const node of clip.nodes.filter(isMap)) {
    if (node.type === "trigger" && hasStart) continue;
    const id = free(asId(String(node.id ?? node.type)), used);
    used.add(id);
    ids.set(String(node.id), id);
    const point = pointOf(node);
    const value = { ...node, id, position: { x: Math.round(point.x + by.x), y: Math.round(point.y + by.y) } };
    patch.insert(0, [...body(patch), "nodes"], Number.MAX_SAFE_INTEGER, { value });
  }
  if (ids.size === 0) throw new Refusal("A graph has one start, and this one has it already.");
  pasteEdges(patch, projection, clip, ids);
  return { added: [...ids.values()] };
}

function pasteEdges(patch: Patch, projection: Projection, clip: Clip, ids: Map<string, string>): void {
  const used = edgeIds(projection);
  for (const edge of clip.edges.filter(isMap)) {
    const [source, target] = [ids.get(String(edge.source)), ids.get(String(edge.target))];
    if (source === undefined || target === undefined) continue;
    const id = free(`${source}-${target}`, used);
    used.add(id);
    patch.insert(0, [...body(patch), "edges"], Number.MAX_SAFE_INTEGER, { value: { ...edge, id, source, target } });
  }
  const there = idsOf(projection);
  for (const { source, target, handle } of incomingOf(clip)) {
    const to = ids.get(target);
    if (to !== undefined && there.has(source)) writeEdge(patch, used, source, to, handle);
  }
}
