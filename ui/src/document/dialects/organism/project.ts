import type { FlowEdge, FlowNode, Projection, ProjectionProblem, Shape } from "../../projection";
import { get, items, lineAt, type Path, resolved, text, type TextNode, toJson } from "../../text/node";

/** Listeners and gateways, and an edge for each peer. */
export function project(docs: TextNode[], source: string): Projection {
  const doc = docs[0];
  const problems: ProjectionProblem[] = [];
  const say = (node: TextNode, message: string) => problems.push({ message, line: lineAt(source, node.range[0]) });
  const listeners = get(doc, "listeners");
  if (resolved(listeners)?.kind === "map" && listeners) say(listeners, "the listeners are in files of their own, and are edited there");
  const nodes = [...nodesOf(doc, "listeners", source, say), ...nodesOf(doc, "gateways", source, say)];
  const edges = nodes.flatMap((node) => edgesOf(doc, node, nodes, say));
  return { dialect: "organism", name: text(get(get(doc, "organism"), "name")) ?? "", nodes, edges, problems };
}

type Say = (node: TextNode, message: string) => void;

function nodesOf(doc: TextNode | undefined, list: string, source: string, say: Say): FlowNode[] {
  const seen = new Set<string>();
  const entry = text(get(get(doc, "organism"), "entry")) ?? text(get(doc, "entry"));
  return items(get(doc, list)).flatMap((node, place) => {
    const name = text(get(node, "name"));
    if (name === undefined || seen.has(name)) {
      say(node, name === undefined ? "a listener needs a `name`" : `\`${name}\` is there twice; this one is not drawn`);
      return [];
    }
    seen.add(name);
    const first = list === "listeners" && (entry === undefined ? place === 0 : entry === name);
    return [drawn(node, name, [list, place], lineAt(source, node.range[0]), list === "gateways", first)];
  });
}

function drawn(node: TextNode, name: string, path: Path, line: number, gateway: boolean, first: boolean): FlowNode {
  const agent = toJson(get(node, "agent")) === true;
  const shape: Shape = gateway ? "output" : agent ? "model" : first ? "trigger" : "code";
  const summary = text(get(node, "description")) ?? text(get(node, "handler")) ?? text(get(node, "remote_url")) ?? "";
  const props = toJson(node);
  return {
    key: gateway ? `gateway/${name}` : name,
    id: name,
    title: name,
    type: gateway ? "gateway" : agent ? "agent" : "listener",
    shape,
    doc: 0,
    path,
    range: node.range,
    line,
    handles: gateway ? [] : ["peer"],
    target: true,
    propsPath: [],
    props,
    summary: summary.replace(/\s+/g, " ").slice(0, 120),
    region: false,
  };
}

function edgesOf(doc: TextNode | undefined, node: FlowNode, nodes: readonly FlowNode[], say: Say): FlowEdge[] {
  const peers = get(node.path.length ? items(get(doc, String(node.path[0])))[Number(node.path[1])] : undefined, "peers");
  return items(peers).flatMap((peer, place) => {
    const name = text(peer) ?? "";
    const targets = nodes.filter((other) => other.id === name || (other.id.startsWith(`${name}.`) && broadcasts(other)));
    if (targets.length === 0) say(peer, `\`${name}\` is named as a peer, and there is no such listener`);
    return targets.map((target): FlowEdge => ({
      key: `${node.key}>${name}>${target.key}`,
      source: node.key,
      target: target.key,
      sort: "peer",
      range: peer.range,
      doc: 0,
      path: [...node.path, "peers", place],
    }));
  });
}

const broadcasts = (node: FlowNode): boolean => typeof node.props === "object" && node.props !== null && !Array.isArray(node.props) && node.props.broadcast === true;
