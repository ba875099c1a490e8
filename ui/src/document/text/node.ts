/** What JSON can say. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonMap = { [key: string]: Json };

/** A place in a document: keys of maps and indices of lists, from its root. */
export type Path = readonly (string | number)[];

/** Half-open, in UTF-16 units from the beginning of the text. */
export type Range = readonly [from: number, to: number];

interface Common {
  /** The content itself: without comments around it, without its anchor or tag. */
  range: Range;
}

export interface TextScalar extends Common {
  kind: "scalar";
  value: null | boolean | number | string;
  /** `none` is the value of a key that says nothing: `props:`. */
  style: "plain" | "quoted" | "block" | "none";
}

export interface TextAlias extends Common {
  kind: "alias";
  target: TextNode | undefined;
}

export interface TextEntry {
  key: string;
  from: number;
  /** Just after the colon; -1 where there is none. */
  colon: number;
  value: TextNode;
}

export interface TextMap extends Common {
  kind: "map";
  flow: boolean;
  entries: TextEntry[];
}

export interface TextItem {
  /** Of the dash in a block list, of the value in a flow list. */
  from: number;
  value: TextNode;
}

export interface TextList extends Common {
  kind: "list";
  flow: boolean;
  items: TextItem[];
}

/** A value together with where it stands: the same for YAML and JSON. */
export type TextNode = TextScalar | TextAlias | TextMap | TextList;

export interface TextProblem {
  message: string;
  range: Range;
  /** From 1. */
  line: number;
}

export interface TextDocuments {
  docs: TextNode[];
  /** Where there are any, `docs` is not to be relied on. */
  problems: TextProblem[];
}

/** How many values an alias may multiply into, before a document counts as an attack on memory. */
const MOST_VALUES = 200_000;

export function toJson(node: TextNode | undefined, budget = { left: MOST_VALUES }): Json {
  if (!node || --budget.left < 0) return null;
  switch (node.kind) {
    case "scalar":
      return node.value;
    case "alias":
      return toJson(node.target, budget);
    case "list":
      return node.items.map((item) => toJson(item.value, budget));
    case "map":
      return mapToJson(node, budget);
  }
}

function mapToJson(node: TextMap, budget: { left: number }): JsonMap {
  const found: JsonMap = Object.create(null) as JsonMap;
  for (const { key, value } of node.entries) {
    if (key !== "<<") found[key] = toJson(value, budget);
    else merge(found, toJson(value, budget));
  }
  return { ...found };
}

/** A merge key never overwrites what the map says itself. */
function merge(into: JsonMap, from: Json): void {
  for (const part of Array.isArray(from) ? from : [from]) {
    if (isMap(part)) for (const [key, value] of Object.entries(part)) into[key] ??= value;
  }
}

export const isMap = (value: Json | undefined): value is JsonMap =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The value of a key, through aliases. */
export function get(node: TextNode | undefined, key: string): TextNode | undefined {
  const map = resolved(node);
  return map?.kind === "map" ? map.entries.find((entry) => entry.key === key)?.value : undefined;
}

export function resolved(node: TextNode | undefined): TextNode | undefined {
  return node?.kind === "alias" ? node.target : node;
}

export function text(node: TextNode | undefined): string | undefined {
  const found = resolved(node);
  return found?.kind === "scalar" && typeof found.value === "string" ? found.value : undefined;
}

export function items(node: TextNode | undefined): TextNode[] {
  const found = resolved(node);
  return found?.kind === "list" ? found.items.map((item) => item.value) : [];
}

export function at(node: TextNode | undefined, path: Path): TextNode | undefined {
  let found = node;
  for (const part of path) {
    if (typeof part === "string") found = get(found, part);
    else found = items(found)[part];
    if (!found) return undefined;
  }
  return found;
}

/** From 1. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at >= 0 && at < offset; at = text.indexOf("\n", at + 1)) line++;
  return line;
}
