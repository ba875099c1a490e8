import type { Clip, Command, NewNode } from "../../commands";
import type { FlowEdge, FlowNode, Projection } from "../../projection";
import { get, isMap, items, type Json, type JsonMap, text, toJson } from "../../text/node";
import type { Patch } from "../../text/patch";
import { Refusal } from "../../text/refusal";
import type { Done, TextCommand } from "../dialect";
import { asId, free, incomingOf, nodeOf } from "../find";

type Of<D extends Command["do"]> = Extract<Command, { do: D }>;

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
      throw new Refusal("A listener cannot be disabled. Take it out of the peers of others.");
    case "duplicate":
      return { added: [...pasteInto(patch, projection, copy(patch, projection, command.keys)).values()] };
    case "paste":
      return paste(patch, projection, command);
    case "position":
      return {};
    case "move":
      throw new Refusal("Listeners have no order among themselves.");
    case "wrap":
      throw new Refusal("Listeners are grouped, not wrapped.");
    case "extract":
      throw new Refusal("Only steps of a tree can be taken out into a tree of their own.");
  }
}

const namesOf = (projection: Projection): Set<string> => new Set(projection.nodes.map((node) => node.id));

function started(patch: Patch): void {
  if (patch.docs.length > 0) return;
  patch.replace("organism:\n  name: flow\nlisteners: []\n");
}

function written(name: string, node: NewNode): JsonMap {
  return { name, ...node.props };
}

function add(patch: Patch, projection: Projection, { node, place }: Of<"add">): Done {
  started(patch);
  const list = node.type === "gateway" ? "gateways" : "listeners";
  const name = free(asId(node.title ?? node.type, "listener"), namesOf(projection));
  const edge = projection.edges.find((found) => found.key === place.edge);
  patch.insert(0, [list], Number.MAX_SAFE_INTEGER, { value: written(name, node) });
  if (edge) splice(patch, projection, edge, name, list);
  else if (place.after !== undefined) addPeer(patch, nodeOf(projection, place.after), name);
  return { added: [list === "gateways" ? `gateway/${name}` : name] };
}

function splice(patch: Patch, projection: Projection, edge: FlowEdge, name: string, list: string): void {
  const old = text(patch.node(0, edge.path)) ?? nodeOf(projection, edge.target).id;
  patch.set(0, edge.path, name);
  if (list === "gateways") return;
  const place = items(get(patch.docs[0], "listeners")).length - 1;
  patch.set(0, ["listeners", place, "peers"], [old]);
}

function peersOf(patch: Patch, node: FlowNode): Json[] {
  const peers = toJson(patch.node(0, [...node.path, "peers"]));
  return Array.isArray(peers) ? peers : [];
}

function addPeer(patch: Patch, node: FlowNode, name: string): void {
  if (node.path[0] !== "listeners") throw new Refusal("A gateway leads out of the organism; it has no peers.");
  const peers = peersOf(patch, node);
  if (peers.includes(name)) throw new Refusal("These two are peers already.");
  if (peers.length === 0) patch.set(0, [...node.path, "peers"], [name]);
  else patch.insert(0, [...node.path, "peers"], peers.length, { value: name });
}

function connect(patch: Patch, projection: Projection, { source, target }: Of<"connect">): Done {
  addPeer(patch, nodeOf(projection, source), nodeOf(projection, target).id);
  return {};
}

/** Takes names out of peers, the last ones first, so that places before them still hold. */
function dropPeers(patch: Patch, paths: readonly (readonly (string | number)[])[]): void {
  const places = new Map(paths.map((path) => [path.join("/"), path]));
  const last = (path: readonly (string | number)[]) => Number(path[path.length - 1]);
  for (const path of [...places.values()].sort((a, b) => last(b) - last(a))) {
    const list = path.slice(0, -1);
    if (items(patch.node(0, list)).length > 1) patch.remove(0, path);
    else patch.remove(0, list);
  }
}

function disconnect(patch: Patch, projection: Projection, keys: readonly string[]): Done {
  const gone = new Set(keys);
  dropPeers(patch, projection.edges.filter((edge) => gone.has(edge.key)).map((edge) => edge.path));
  return {};
}

function remove(patch: Patch, projection: Projection, { keys, reconnect }: Of<"delete">): Done {
  const gone = new Set(keys);
  const nodes = projection.nodes.filter((node) => gone.has(node.key));
  const left = projection.nodes.filter((node) => node.path[0] === "listeners" && !gone.has(node.key));
  if (left.length === 0) throw new Refusal("An organism has at least one listener; this is the last one.");
  if (reconnect) for (const node of left) inherit(patch, projection, node, nodes);
  const names = new Set(nodes.map((node) => node.id));
  dropPeers(patch, left.flatMap((node) => peersOf(patch, node).flatMap((peer, at) => (names.has(String(peer)) ? [[...node.path, "peers", at]] : []))));
  for (const list of ["listeners", "gateways"]) {
    const places = nodes.filter((node) => node.path[0] === list).map((node) => Number(node.path[1]));
    for (const place of places.sort((a, b) => b - a)) patch.remove(0, [list, place]);
  }
  return {};
}

/** Whoever had a deleted listener as a peer gets that one's peers. */
function inherit(patch: Patch, projection: Projection, node: FlowNode, gone: readonly FlowNode[]): void {
  const names = new Set(gone.map((one) => one.id));
  for (const lost of gone.filter((one) => peersOf(patch, node).includes(one.id))) {
    for (const peer of peersOf(patch, lost)) {
      if (!names.has(String(peer)) && peer !== node.id && !peersOf(patch, node).includes(peer)) addPeer(patch, nodeOf(projection, node.key), String(peer));
    }
  }
}

const NAME = /^[A-Za-z][\w.-]*$/;

/** A listener's name is how others send to it: it changes there too. */
function rename(patch: Patch, projection: Projection, { key, title }: Of<"rename">): Done {
  const node = nodeOf(projection, key);
  const name = title.trim();
  if (name === node.id) return {};
  if (!NAME.test(name)) throw new Refusal("A name begins with a letter; then letters, digits, `_`, `-` and `.`.");
  if (namesOf(projection).has(name)) throw new Refusal(`There is a listener \`${name}\` already.`);
  patch.set(0, [...node.path, "name"], name);
  const peers = projection.edges.filter((edge) => text(patch.node(0, edge.path)) === node.id);
  for (const { path } of peers) patch.set(0, path, name);
  for (const path of [["organism", "entry"], ["entry"]]) if (text(patch.node(0, path)) === node.id) patch.set(0, path, name);
  return { renamed: { [key]: node.path[0] === "gateways" ? `gateway/${name}` : name } };
}

function set(patch: Patch, projection: Projection, { key, path, value }: Of<"set">): Done {
  const node = nodeOf(projection, key);
  if (path.length === 1 && path[0] === "name") return rename(patch, projection, { do: "rename", key, title: String(value ?? "") });
  const whole = [...node.path, ...path];
  if (value !== undefined) patch.set(0, whole, value);
  else if (patch.node(0, whole)) patch.remove(0, whole);
  return {};
}

export function copy(patch: Patch, projection: Projection, keys: readonly string[]): Clip {
  const wanted = new Set(keys);
  const nodes = projection.nodes.filter((node) => wanted.has(node.key) && node.path[0] === "listeners");
  const incoming = projection.edges.filter((edge) => wanted.has(edge.target) && !wanted.has(edge.source)).map(({ source, target }) => ({ source, target }));
  return { weir: 1, dialect: "organism", nodes: nodes.map((node) => toJson(patch.node(0, node.path))), edges: [], incoming };
}

function paste(patch: Patch, projection: Projection, { clip, joined }: Of<"paste">): Done {
  if (clip.dialect !== "organism") throw new Refusal(`What was copied is from ${clip.dialect === "tree" ? "a tree" : "a graph"}; this is an organism.`);
  started(patch);
  const names = pasteInto(patch, projection, clip);
  if (joined) for (const { source, target } of incomingOf(clip)) joinPeer(patch, projection, source, names.get(target));
  return { added: [...names.values()] };
}

/** Whoever had the copied listener as a peer has the new one too. */
function joinPeer(patch: Patch, projection: Projection, source: string, name: string | undefined): void {
  const from = projection.nodes.find((node) => node.key === source && node.path[0] === "listeners");
  if (from && name !== undefined && !peersOf(patch, from).includes(name)) addPeer(patch, from, name);
}

/** The names that the listeners have now, by those they had. */
function pasteInto(patch: Patch, projection: Projection, clip: Clip): Map<string, string> {
  const used = namesOf(projection);
  const names = new Map<string, string>();
  for (const node of clip.nodes.filter(isMap)) {
    const name = free(typeof node.name === "string" && NAME.test(node.name) ? node.name : "listener", used);
    used.add(name);
    names.set(String(node.name), name);
  }
  for (const node of clip.nodes.filter(isMap)) {
    const peers = Array.isArray(node.peers) ? { peers: node.peers.map((peer) => names.get(String(peer)) ?? peer) } : {};
    patch.insert(0, ["listeners"], Number.MAX_SAFE_INTEGER, { value: { ...node, name: names.get(String(node.name)) ?? "listener", ...peers } });
  }
  if (names.size === 0) throw new Refusal("There is no listener in what was copied.");
  return names;
}
