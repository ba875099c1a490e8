import type { TextEdit } from "./edits";
import type { Format } from "./format";
import { dedent, indentAt, indented, indentOfLine, lineStart } from "./lines";
import type { Json, TextList, TextMap, TextNode } from "./node";
import type { Source } from "./source";
import { writeFlow, writeJson } from "./write";

interface Part {
  from: number;
  to: number;
}

function parts(node: TextMap | TextList): Part[] {
  if (node.kind === "list") return node.items.map(({ value }) => ({ from: value.range[0], to: value.range[1] }));
  return node.entries.map(({ from, colon, value }) => ({ from, to: Math.max(value.range[1], colon) }));
}

/** Two spaces, unless the text is indented otherwise. */
export function unitOf(source: string): string {
  return /\n([ \t]+)\S/.exec(source)?.[1] ?? "  ";
}

function write(value: Json, source: string, at: number, format: Format): string {
  return format === "json" ? writeJson(value, indentOfLine(source, at), unitOf(source)) : writeFlow(value);
}

export function replaceInFlow(source: string, node: TextNode, value: Json, format: Format): TextEdit {
  const [from, to] = node.range;
  const space = node.kind === "scalar" && node.style === "none" ? " " : "";
  return { from, to, insert: space + write(value, source, from, format) };
}

/** The text of a new member, as it stands at a place with this indentation. */
function member(source: string, what: Source, indent: string, format: Format, key?: string): string {
  const named = key === undefined ? "" : format === "json" ? `${JSON.stringify(key)}: ` : `${writeFlow(key)}: `;
  if ("raw" in what && !what.block) return indented(dedent(what.raw, commonIndent(what.raw)), indent);
  return named + (format === "json" ? writeJson(what.value, indent, unitOf(source)) : writeFlow(what.value));
}

/** What the last line of a text of several lines is indented by: that of its closing bracket. */
function commonIndent(raw: string): number {
  const last = raw.lastIndexOf("\n");
  return last < 0 ? 0 : indentOfLine(raw, last + 1).length;
}

export function insertFlow(source: string, node: TextMap | TextList, index: number, what: Source, format: Format, key?: string): TextEdit {
  const members = parts(node);
  const first = members[0];
  if (!first) return insertFirst(source, node, what, format, key);
  const tall = indentAt(source, first.from);
  const gap = tall === undefined ? " " : `\n${tall}`;
  const written = member(source, what, tall ?? indentOfLine(source, first.from), format, key);
  const next = members[index];
  if (next) return { from: next.from, to: next.from, insert: `${written},${gap}` };
  const last = members[members.length - 1] ?? first;
  const comma = commaAfter(source, last.to);
  if (comma > 0) return { from: comma, to: comma, insert: `${gap}${written}` };
  return { from: last.to, to: last.to, insert: `,${gap}${written}` };
}

function insertFirst(source: string, node: TextMap | TextList, what: Source, format: Format, key?: string): TextEdit {
  const indent = indentOfLine(source, node.range[0]);
  const [open, close] = node.kind === "list" ? "[]" : "{}";
  const [from, to] = node.range;
  // Nodes and edges stand on lines of their own; whatever else is short stays where it is.
  const tall = format === "json" && node.kind === "list" && typeof what.value === "object";
  const inner = indent + unitOf(source);
  const written = member(source, what, tall ? inner : indent, format, key);
  return { from, to, insert: tall ? `${open}\n${inner}${written}\n${indent}${close}` : `${open}${written}${close}` };
}

/** Just behind the comma that follows, over comments; -1 where there is none. */
function commaAfter(source: string, at: number): number {
  const found = /^(?:\s|#[^\n]*\n)*,/.exec(source.slice(at));
  return found ? at + found[0].length : -1;
}

export function removeFlow(source: string, node: TextMap | TextList, index: number): TextEdit[] {
  const members = parts(node);
  const own = members[index];
  if (!own) return [];
  const [before, next] = [members[index - 1], members[index + 1]];
  if (next && !source.slice(own.to, next.from).includes("#")) return [{ from: own.from, to: next.from, insert: "" }];
  if (next) return [{ from: own.from, to: Math.max(commaAfter(source, own.to), own.to), insert: "" }];
  if (!before) return [{ from: node.range[0] + 1, to: node.range[1] - 1, insert: "" }];
  return removeLast(source, before, own);
}

function removeLast(source: string, before: Part, own: Part): TextEdit[] {
  const between = source.slice(before.to, own.from);
  if (!between.includes("#")) return [{ from: before.to, to: own.to, insert: "" }];
  const comma = commaAfter(source, before.to);
  const start = lineStart(source, own.from) > comma ? lineStart(source, own.from) - 1 : own.from;
  return [{ from: comma - 1, to: comma, insert: "" }, { from: start, to: own.to, insert: "" }];
}
