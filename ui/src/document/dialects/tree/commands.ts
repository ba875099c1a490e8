import type { Clip, Command, NewNode, Place } from "../../commands";
import type { FlowNode, Projection } from "../../projection";
import { get, isMap, items, type Json, type JsonMap, type Path, toJson } from "../../text/node";
import type { Patch } from "../../text/patch";
import { Refusal } from "../../text/refusal";
import type { Source } from "../../text/source";
import { writeBlock } from "../../text/write";
import type { Done, TextCommand } from "../dialect";
import { asId, free, incomingOf, nodeOf, outermost } from "../find";
import { kebab } from "./project";
import { mostChildren } from "./types";

type Of<D extends Command["do"]> = Extract<Command, { do: D }>;

export function apply(patch: Patch, projection: Projection, command: TextCommand): Done {
  switch (command.do) {
    case "add":
      return add(patch, projection, command);
    case "delete":
      return remove(patch, projection, command);
    case "move":
      return move(patch, projection, command);
    case "rename":
      return rename(patch, projection, command);
    case "set":
      return set(patch, projection, command);
    case "disable":
      return disable(patch, projection, command);
    case "duplicate":
      return duplicate(patch, projection, command.keys);
    case "paste":
      return paste(patch, projection, command);
    case "wrap":
      return wrap(patch, projection, command);
    case "extract":
      return extract(patch, projection, command);
    case "connect":
      return move(patch, projection, { do: "move", key: command.target, parent: command.source, index: Number.MAX_SAFE_INTEGER });
    case "disconnect":
      throw new Refusal("A step of a tree always has its place in it. Move it, or delete it.");
    case "position":
      return {};
  }
}

/** Ids and derived ids that are in use, so that a new one is no second. */
const taken = (projection: Projection): Set<string> => new Set(projection.nodes.map((node) => node.id));

function written(projection: Projection, node: NewNode): JsonMap {
  const id = free(kebab(node.type) || asId(node.type), taken(projection));
  const made: JsonMap = { type: node.type, id };
  if (node.title && node.title !== node.type) made.name = node.title;
  if (node.props && Object.keys(node.props).length > 0) made.props = node.props;
  return made;
}

/** The list and the place in it that are meant. */
function target(patch: Patch, projection: Projection, place: Place): { parent: FlowNode; index: number } {
  if (place.edge !== undefined) return beforeEdge(projection, place.edge);
  if (place.parent !== undefined) return { parent: nodeOf(projection, place.parent), index: place.index ?? Number.MAX_SAFE_INTEGER };
  const after = place.after === undefined ? projection.nodes[0] : nodeOf(projection, place.after);
  if (!after) throw new Refusal("There is no tree to add to.");
  const count = items(get(patch.node(after.doc, after.path), "children")).length;
  if (after.parent === undefined || (after.region && count < mostChildren(after.type))) return { parent: after, index: count };
  return { parent: nodeOf(projection, after.parent), index: indexOf(after) + 1 };
}

function beforeEdge(projection: Projection, key: string): { parent: FlowNode; index: number } {
  const edge = projection.edges.find((edge) => edge.key === key);
  if (!edge) throw new Refusal("That line is not there any more.");
  return { parent: nodeOf(projection, edge.source), index: indexOf(nodeOf(projection, edge.target)) };
}

const indexOf = (node: FlowNode): number => Number(node.path[node.path.length - 1]);

function add(patch: Patch, projection: Projection, { node, place }: Of<"add">): Done {
  const value = written(projection, node);
  if (projection.nodes.length === 0) return addRoot(patch, value);
  const { parent, index } = target(patch, projection, place);
  if (place.edge !== undefined && mostChildren(node.type) > 0 && fits(patch, parent, 1) !== undefined) return around(patch, projection, place.edge, value);
  insert(patch, parent, index, { value });
  return { added: [`${parent.key}/${String(value.id)}`] };
}

/** A first node: with nothing written yet it is the whole text, below the comments there may be. */
function addRoot(patch: Patch, value: JsonMap): Done {
  if (patch.docs.length > 0) throw new Refusal("The text holds no tree. Correct it there.");
  const root = mostChildren(String(value.type)) > 1 ? value : { type: "Sequence", id: "flow", children: [value] };
  const before = patch.source === "" || patch.source.endsWith("\n") ? patch.source : `${patch.source}\n`;
  patch.replace(`${before}${writeBlock(root, "")}\n`);
  return { added: [root === value ? String(value.id) : `flow/${String(value.id)}`] };
}

/** Puts a node with one place for a child between a node and its parent. */
function around(patch: Patch, projection: Projection, edge: string, value: JsonMap): Done {
  const below = nodeOf(projection, projection.edges.find((found) => found.key === edge)?.target ?? "");
  const wrapped = toJson(patch.node(below.doc, below.path));
  const parent = nodeOf(projection, below.parent ?? "");
  const index = indexOf(below);
  patch.remove(below.doc, below.path);
  patch.insert(parent.doc, [...parent.path, "children"], index, { value: { ...value, children: [wrapped] } });
  return { added: [`${parent.key}/${String(value.id)}`] };
}

/** Says why so many more children do not fit; nothing where they do. */
function fits(patch: Patch, parent: FlowNode, more: number): string | undefined {
  const most = mostChildren(parent.type);
  const count = items(get(patch.node(parent.doc, parent.path), "children")).length;
  if (count + more <= most) return undefined;
  return most === 0 ? `${parent.type} has no steps inside.` : `${parent.type} has room for ${most === 1 ? "one step" : `${most} steps`}.`;
}

function insert(patch: Patch, parent: FlowNode, index: number, what: Source): void {
  const refused = fits(patch, parent, 1);
  if (refused) throw new Refusal(refused);
  patch.insert(parent.doc, [...parent.path, "children"], index, what);
}

function remove(patch: Patch, projection: Projection, { keys, reconnect }: Of<"delete">): Done {
  const gone = outermost(projection, keys);
  if (gone.some((node) => node.parent === undefined && node.doc === 0)) throw new Refusal("The first node of the tree holds everything else and stays.");
  if (gone.some((node) => node.parent === undefined)) throw new Refusal("Take a whole sub-tree out in the text.");
  for (const node of gone.reverse()) {
    if (reconnect) lift(patch, projection, node);
    else patch.remove(node.doc, node.path);
  }
  return {};
}

/** Puts a node's children in its place. */
function lift(patch: Patch, projection: Projection, node: FlowNode): void {
  const parent = nodeOf(projection, node.parent ?? "");
  const children = items(get(patch.node(node.doc, node.path), "children")).map((_, at) => patch.take(node.doc, [...node.path, "children"], at));
  patch.remove(node.doc, node.path);
  const index = indexOf(node);
  children.forEach((child, at) => insert(patch, parent, index + at, child));
}

function move(patch: Patch, projection: Projection, { key, parent, index }: Of<"move">): Done {
  const node = nodeOf(projection, key);
  const into = nodeOf(projection, parent);
  if (node.parent === undefined) throw new Refusal("The first node of a tree stays where it is.");
  if (into.key === node.key || isInside(projection, into, node.key)) throw new Refusal("A step cannot be put into itself.");
  if (into.doc !== node.doc) throw new Refusal("Between trees, cut and paste.");
  const from = indexOf(node);
  if (node.parent !== into.key) {
    const refused = fits(patch, into, 1);
    if (refused) throw new Refusal(refused);
  }
  const what = patch.take(node.doc, node.path.slice(0, -1), from);
  patch.remove(node.doc, node.path);
  const place = node.parent === into.key && index > from ? index - 1 : index;
  patch.insert(into.doc, [...afterRemoval(into.path, node.path), "children"], place, what);
  return { added: [`${into.key}/${node.id}`] };
}

/** Where a node is once an earlier sibling of it, or of something around it, is gone. */
function afterRemoval(path: Path, gone: Path): Path {
  const depth = gone.length - 1;
  const shared = gone.slice(0, -1).every((part, at) => path[at] === part);
  const index = path[depth];
  if (!shared || typeof index !== "number" || index < Number(gone[depth])) return path;
  return [...path.slice(0, depth), index - 1, ...path.slice(depth + 1)];
}

function isInside(projection: Projection, node: FlowNode, key: string): boolean {
  for (let at = node.parent; at !== undefined; at = projection.nodes.find((found) => found.key === at)?.parent) if (at === key) return true;
  return false;
}

function rename(patch: Patch, projection: Projection, { key, title }: Of<"rename">): Done {
  const node = nodeOf(projection, key);
  const name = title.trim();
  if (name === "") throw new Refusal("A name has at least one letter.");
  patch.set(node.doc, [...node.path, "name"], name, beforeProps(patch, node));
  return {};
}

/** Names stand before parameters, parameters before children. */
function beforeProps(patch: Patch, node: FlowNode): string {
  return get(patch.node(node.doc, node.path), "props") ? "props" : "children";
}

function set(patch: Patch, projection: Projection, { key, path, value }: Of<"set">): Done {
  const node = nodeOf(projection, key);
  const whole = [...node.path, ...path];
  if (value !== undefined) patch.set(node.doc, whole, value, "children");
  else if (patch.node(node.doc, whole)) patch.remove(node.doc, whole);
  return {};
}

function disable(patch: Patch, projection: Projection, { keys, disabled }: Of<"disable">): Done {
  for (const key of keys) {
    const node = nodeOf(projection, key);
    if (disabled && node.parent === undefined) throw new Refusal("The first node of a tree holds everything else and cannot be disabled.");
    const path = [...node.path, "disabled"];
    if (disabled) patch.set(node.doc, path, true, beforeProps(patch, node));
    else if (patch.node(node.doc, path)) patch.remove(node.doc, path);
  }
  return {};
}

function duplicate(patch: Patch, projection: Projection, keys: readonly string[]): Done {
  const added: string[] = [];
  const used = taken(projection);
  for (const node of outermost(projection, keys).reverse()) {
    if (node.parent === undefined) throw new Refusal("The first node of a tree is there once.");
    const value = withFreshIds(toJson(patch.node(node.doc, node.path)), used);
    insert(patch, nodeOf(projection, node.parent), indexOf(node) + 1, { value });
    if (isMap(value)) added.push(`${node.parent}/${String(value.id)}`);
  }
  return { added };
}

/** A copy with ids of its own, for it and everything in it. */
function withFreshIds(value: Json, used: Set<string>): Json {
  if (!isMap(value)) return value;
  const id = free(typeof value.id === "string" ? value.id : asId(String(value.type ?? "step")), used);
  used.add(id);
  const { type, children, ...rest } = value;
  const copied: JsonMap = { ...(type === undefined ? {} : { type }), ...rest, id };
  if (Array.isArray(children)) copied.children = children.map((child) => withFreshIds(child, used));
  return copied;
}

function paste(patch: Patch, projection: Projection, { clip, place, joined }: Of<"paste">): Done {
  if (clip.dialect !== "tree") throw new Refusal(`What was copied is from ${clip.dialect === "graph" ? "a graph" : "an organism"}; this is a tree.`);
  const { parent, index } = (joined ? besideTheCopied(patch, projection, clip) : undefined) ?? target(patch, projection, place);
  const used = taken(projection);
  const refused = fits(patch, parent, clip.nodes.length);
  if (refused) throw new Refusal(refused);
  const values = clip.nodes.map((node) => withFreshIds(node, used));
  values.forEach((value, at) => insert(patch, parent, Math.min(index, 1e6) + at, { value }));
  return { added: values.filter(isMap).map((value) => `${parent.key}/${String(value.id)}`) };
}

/** Under what the copied ones stood under: behind the last of them, or at the end where they are gone. */
function besideTheCopied(patch: Patch, projection: Projection, clip: Clip): { parent: FlowNode; index: number } | undefined {
  const incoming = incomingOf(clip);
  const parent = projection.nodes.find((node) => node.key === incoming[0]?.source);
  if (!parent) return undefined;
  const there = projection.nodes.filter((node) => node.parent === parent.key && incoming.some(({ target }) => target === node.id));
  const end = items(get(patch.node(parent.doc, parent.path), "children")).length;
  return { parent, index: there.length === 0 ? end : Math.max(...there.map(indexOf)) + 1 };
}

/** Neighbours in one list, in their order. */
function neighbours(projection: Projection, keys: readonly string[]): FlowNode[] {
  const nodes = outermost(projection, keys).sort((a, b) => indexOf(a) - indexOf(b));
  const first = nodes[0];
  if (!first || first.parent === undefined) throw new Refusal("Select steps inside the tree first.");
  const inRow = nodes.every((node, at) => node.parent === first.parent && indexOf(node) === indexOf(first) + at);
  if (!inRow) throw new Refusal("Select steps that follow one another in one place.");
  return nodes;
}

function wrap(patch: Patch, projection: Projection, { keys, type }: Of<"wrap">): Done {
  const nodes = neighbours(projection, keys);
  if (nodes.length > mostChildren(type)) throw new Refusal(`${type} has room for ${mostChildren(type)} of them. Put them into a sequence first.`);
  const spec = type === "Timeout" ? { timeoutMs: "30s" } : type === "Repeat" ? { numCycles: 3 } : undefined;
  const value = written(projection, { type, ...(spec ? { props: spec } : {}) });
  return replaceBy(patch, projection, nodes, value, true);
}

/** Puts one node where several were, with them inside or without. */
function replaceBy(patch: Patch, projection: Projection, nodes: FlowNode[], value: JsonMap, inside: boolean): Done {
  const first = nodes[0];
  if (!first) return {};
  const parent = nodeOf(projection, first.parent ?? "");
  const list = [...parent.path, "children"];
  const sources = nodes.map((node) => patch.take(node.doc, list, indexOf(node)));
  patch.insert(first.doc, list, indexOf(first), { value });
  for (let at = nodes.length; at > 0; at--) patch.remove(first.doc, [...list, indexOf(first) + at]);
  if (inside) sources.forEach((what, at) => patch.insert(first.doc, [...list, indexOf(first), "children"], at, what));
  return { added: [`${parent.key}/${String(value.id)}`] };
}

/** Takes steps out into a tree of their own, a further document of the file. */
function extract(patch: Patch, projection: Projection, { keys, name }: Of<"extract">): Done {
  const nodes = neighbours(projection, keys);
  const treeId = asId(name, "sub-tree");
  if (projection.nodes.some((node) => node.key.startsWith(`tree/${treeId}/`))) throw new Refusal(`There is a tree \`${treeId}\` already.`);
  const values = nodes.map((node) => toJson(patch.node(node.doc, node.path)));
  const only = values.length === 1 && isMap(values[0]) ? values[0] : undefined;
  const root: JsonMap = only ? { treeId, ...only } : { treeId, type: "Sequence", id: treeId, children: values };
  const value = written(projection, { type: "SubTree", title: name, props: { treeId } });
  const done = replaceBy(patch, projection, nodes, value, false);
  if (patch.format === "json") throw new Refusal("A JSON text holds one tree. Convert it to YAML first.");
  patch.addDocument(writeBlock(root, ""));
  return done;
}

export function copy(patch: Patch, projection: Projection, keys: readonly string[]): Clip {
  const nodes = outermost(projection, keys);
  const incoming = nodes.flatMap(({ parent, id }) => (parent === undefined ? [] : [{ source: parent, target: id }]));
  return { weir: 1, dialect: "tree", nodes: nodes.map((node) => toJson(patch.node(node.doc, node.path))), edges: [], incoming };
}

