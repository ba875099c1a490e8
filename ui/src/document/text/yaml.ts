import { type CST, isAlias, isMap, isScalar, isSeq, type Node, type Pair, parseAllDocuments, type Document } from "yaml";
import { lineAt, type TextDocuments, type TextEntry, type TextItem, type TextNode, type TextProblem } from "./node";

/** YAML with places: a document for each `---`. */
export function parseYaml(source: string): TextDocuments {
  const parsed = parseAllDocuments(source, { keepSourceTokens: true, uniqueKeys: true, prettyErrors: false, logLevel: "error" });
  const documents: Document.Parsed[] = Array.isArray(parsed) ? parsed : [];
  const problems = documents.flatMap((doc) => doc.errors.map((error): TextProblem => {
    const range = [error.pos[0], error.pos[1]] as const;
    return { message: error.message, range, line: lineAt(source, range[0]) };
  }));
  if (problems.length > 0) return { docs: [], problems };
  return { docs: documents.flatMap((doc) => (doc.contents ? [new Reader(source).node(doc.contents, doc.range[0])] : [])), problems };
}

class Reader {
  private readonly anchors = new Map<string, TextNode>();
  constructor(private readonly source: string) {}

  /** `where` stands for a value that is not written. */
  node(node: unknown, where: number): TextNode {
    if (isAlias(node)) return { kind: "alias", target: this.anchors.get(node.source), range: rangeOf(node, where) };
    const read = this.plainNode(node, where);
    const anchor = (node as { anchor?: string } | null)?.anchor;
    if (anchor) this.anchors.set(anchor, read);
    return read;
  }

  private plainNode(node: unknown, where: number): TextNode {
    if (isMap(node)) {
      const entries = node.items.map((pair) => this.entry(pair as Pair, where));
      return trimmed({ kind: "map", flow: node.flow === true, entries, range: rangeOf(node, where) });
    }
    if (isSeq(node)) {
      return trimmed({ kind: "list", flow: node.flow === true, items: this.items(node.items, node.srcToken, where), range: rangeOf(node, where) });
    }
    return this.scalar(node, where);
  }

  private entry(pair: Pair, where: number): TextEntry {
    const token = (pair as Pair & { srcToken?: CST.CollectionItem }).srcToken;
    const sign = token?.sep?.find((part) => part.type === "map-value-ind");
    const colon = sign ? sign.offset + 1 : -1;
    const from = isScalar(pair.key) ? rangeOf(pair.key, where)[0] : where;
    const key = isScalar(pair.key) ? String(pair.key.value) : "";
    return { key, from, colon, value: this.node(pair.value, colon < 0 ? from : colon) };
  }

  private items(values: unknown[], token: unknown, where: number): TextItem[] {
    const tokens = ((token as CST.BlockSequence | undefined)?.items ?? []).filter((item) => item.value || item.start.some(isDash));
    return values.map((value, index) => {
      const dash = tokens[index]?.start.find(isDash);
      const from = dash ? dash.offset : (value as Node | null)?.range?.[0] ?? where;
      return { from, value: this.node(value, dash ? from + 1 : from) };
    });
  }

  private scalar(node: unknown, where: number): TextNode {
    if (!isScalar(node)) return { kind: "scalar", style: "none", value: null, range: [where, where] };
    const [from, to] = rangeOf(node, where);
    const value = json(node.value);
    if (from === to) return { kind: "scalar", style: "none", value: null, range: [where, where] };
    const block = node.type === "BLOCK_LITERAL" || node.type === "BLOCK_FOLDED";
    const style = block ? "block" : node.type === "PLAIN" ? "plain" : "quoted";
    return { kind: "scalar", style, value, range: [from, block ? this.endOfBlock(from, to) : to] };
  }

  /** A block text ends with its last line that says something, unless it is told to keep what follows. */
  private endOfBlock(from: number, to: number): number {
    const raw = this.source.slice(from, to);
    const head = raw.slice(0, raw.indexOf("\n") < 0 ? raw.length : raw.indexOf("\n"));
    return head.includes("+") ? from + raw.replace(/\n$/, "").length : from + raw.trimEnd().length;
  }
}

const isDash = (token: CST.SourceToken) => token.type === "seq-item-ind";

function json(value: unknown): null | boolean | number | string {
  if (typeof value === "bigint") return Number(value);
  return typeof value === "boolean" || typeof value === "number" || typeof value === "string" ? value : null;
}

function rangeOf(node: { range?: readonly [number, number, number] | null | undefined }, where: number): readonly [number, number] {
  return node.range ? [node.range[0], node.range[1]] : [where, where];
}

/** A block collection ends where its last value does, not with the comments behind it. */
function trimmed(node: TextNode): TextNode {
  if (node.kind === "map" && !node.flow && node.entries.length > 0) {
    const last = node.entries[node.entries.length - 1];
    if (last) return { ...node, range: [node.range[0], Math.max(last.value.range[1], last.colon)] };
  }
  if (node.kind === "list" && !node.flow && node.items.length > 0) {
    const last = node.items[node.items.length - 1];
    if (last) return { ...node, range: [node.range[0], Math.max(last.value.range[1], last.from + 1)] };
  }
  return node;
}
