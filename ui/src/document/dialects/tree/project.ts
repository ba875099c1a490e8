import type { FlowEdge, FlowNode, Projection, ProjectionProblem } from "../../projection";
import { get, isMap, items, lineAt, type Path, resolved, text, type TextNode, toJson } from "../../text/node";
import { summaryOf } from "../find";
import { mostChildren, shapeOf } from "./types";

/** Trees as they are written: one for each document of the file. */
export function project(docs: TextNode[], source: string): Projection {
  const walk = new Walk(source);
  docs.forEach((doc, number) => walk.document(doc, number));
  const first = walk.nodes[0];
  return { dialect: "tree", name: first?.title ?? "", nodes: walk.nodes, edges: walk.edges, problems: walk.problems };
}

class Walk {
  readonly nodes: FlowNode[] = [];
  readonly edges: FlowEdge[] = [];
  readonly problems: ProjectionProblem[] = [];
  private readonly keys = new Set<string>();
  private line = 1;
  private lineOffset = 0;
  constructor(private readonly source: string) {}

  document(doc: TextNode, number: number): void {
    const id = idsOf([doc])[0] ?? "root";
    // A step of a tree that is called has `tree/<treeId>` before it in its path.
    const key = number === 0 ? id : `tree/${text(get(doc, "treeId")) ?? id}/${id}`;
    this.node(doc, number, [], id, key, undefined);
  }

  private node(node: TextNode, doc: number, path: Path, id: string, wantedKey: string, parent: string | undefined): void {
    const type = text(get(node, "type"));
    if (type === undefined) return this.problem(node, "a node needs a `type`");
    let key = wantedKey;
    while (this.keys.has(key)) key += "~";
    this.keys.add(key);
    const children = items(get(node, "children"));
    this.nodes.push(this.drawn(node, { type, id, key, doc, path, parent }, children.length));
    const ids = idsOf(children);
    children.forEach((child, at) => this.child(child, doc, [...path, "children", at], ids[at] ?? "", key));
  }

  private child(child: TextNode, doc: number, path: Path, id: string, parent: string): void {
    const key = `${parent}/${id}`;
    const before = this.nodes.length;
    this.node(resolved(child) ?? child, doc, path, id, key, parent);
    const made = this.nodes[before];
    if (made) this.edges.push({ key: `${parent}>${made.key}`, source: parent, target: made.key, sort: "child", doc, path });
  }

  private drawn(node: TextNode, own: { type: string; id: string; key: string; doc: number; path: Path; parent: string | undefined }, children: number): FlowNode {
    const props = toJson(get(node, "props"));
    const { type, id, key, doc, path, parent } = own;
    return {
      key,
      id,
      title: text(get(node, "name")) ?? (text(get(node, "id")) === undefined ? type : id),
      type,
      shape: parent === undefined && doc === 0 && type === "Sequence" ? "trigger" : shapeOf(type),
      ...(parent === undefined ? {} : { parent }),
      doc,
      path,
      range: node.range,
      line: this.lineOf(node.range[0]),
      handles: mostChildren(type) > children ? ["child"] : [],
      target: parent !== undefined,
      propsPath: ["props"],
      props: isMap(props) ? props : {},
      summary: summaryOf(props),
      region: mostChildren(type) > 0 || children > 0,
      ...(toJson(get(node, "disabled")) === true ? { disabled: true } : {}),
    };
  }

  /** Nodes come in the order of their lines, so each is counted from the one before. */
  private lineOf(offset: number): number {
    if (offset < this.lineOffset) return lineAt(this.source, offset);
    for (let at = this.source.indexOf("\n", this.lineOffset); at >= 0 && at < offset; at = this.source.indexOf("\n", at + 1)) {
      this.line++;
      this.lineOffset = at + 1;
    }
    return this.line;
  }

  private problem(node: TextNode, message: string): void {
    this.problems.push({ message, line: lineAt(this.source, node.range[0]) });
  }
}

/** The ids of siblings: as written, else from type and place, as the server derives them. */
function idsOf(nodes: readonly TextNode[]): string[] {
  const written = nodes.map(writtenId);
  const taken = new Set(written.filter((id) => id !== undefined));
  const places = new Map<string, number>();
  return nodes.map((node, at) => {
    const type = text(get(node, "type")) ?? "node";
    const place = (places.get(type) ?? 0) + 1;
    places.set(type, place);
    return written[at] ?? derived(`${kebab(type)}-${place}`, taken);
  });
}

function derived(wanted: string, taken: Set<string>): string {
  let id = wanted;
  for (let number = 2; taken.has(id); number++) id = `${wanted}-${number}`;
  taken.add(id);
  return id;
}

function writtenId(node: TextNode): string | undefined {
  const id = toJson(get(node, "id"));
  const found = typeof id === "number" ? String(id) : id;
  return typeof found === "string" && found !== "" && !/[/[\]]/.test(found) ? found : undefined;
}

export function kebab(type: string): string {
  return type.replace(/([a-z0-9])([A-Z])/g, "$1-$2").toLowerCase().replace(/[^a-z0-9-]/g, "");
}
