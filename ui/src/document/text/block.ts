import type { TextEdit } from "./edits";
import { blanksBefore, dedent, indentAt, lineEnd, lineStart, withComments } from "./lines";
import type { Json, TextEntry, TextItem, TextList, TextMap, TextNode } from "./node";
import { Refusal } from "./refusal";
import { type Holder, rawListItem, type Source } from "./source";
import { isTall, writeBlock, writeFlow } from "./write";

const endOf = (part: TextEntry | TextItem): number => Math.max(part.value.range[1], "colon" in part ? part.colon : part.from + 1);

const columnOf = (source: string, at: number): number => at - lineStart(source, at);

/** The lines of a member: from the comments above it to the end of its last line. */
function lines(source: string, parts: readonly (TextEntry | TextItem)[], index: number): { from: number; to: number } | undefined {
  const part = parts[index];
  if (!part || indentAt(source, part.from) === undefined) return undefined;
  const before = parts[index - 1];
  const notBefore = before ? lineEnd(source, endOf(before)) + 1 : lineStart(source, part.from);
  return { from: withComments(source, part.from, notBefore), to: lineEnd(source, endOf(part)) };
}

function remove(source: string, parts: readonly (TextEntry | TextItem)[], index: number): TextEdit[] {
  const part = parts[index];
  const next = parts[index + 1];
  const own = lines(source, parts, index);
  if (!part) return [];
  if (own) return [{ ...withBlanks(source, own, index > 0), insert: "" }];
  // The first member begins on the line of the dash before it: the next one takes its place there.
  if (!next) throw new Refusal("This cannot be taken out here, only in the text.");
  const between = source.slice(endOf(part), next.from);
  if (!between.includes("#")) return [{ from: part.from, to: next.from, insert: "" }];
  return [{ from: part.from, to: lineEnd(source, endOf(part)), insert: "" }];
}

function withBlanks(source: string, own: { from: number; to: number }, hasBefore: boolean): { from: number; to: number } {
  const from = hasBefore ? blanksBefore(source, own.from, 0) : own.from;
  if (own.to < source.length) return { from, to: own.to + 1 };
  return { from: Math.max(from - 1, 0), to: own.to };
}

export const removeBlockItem = (source: string, list: TextList, index: number) => remove(source, list.items, index);
export const removeBlockEntry = (source: string, map: TextMap, index: number) => remove(source, map.entries, index);

/** The lines of an item with its dash, its comments above it, taken back to the left edge. */
export function takeBlockItem(source: string, list: TextList, index: number): string {
  const item = list.items[index];
  if (!item) throw new Refusal("What should be moved is not there any more.");
  const own = lines(source, list.items, index);
  const column = columnOf(source, item.from);
  if (!own) return dedent(source.slice(item.from, lineEnd(source, endOf(item))), column);
  return dedent(source.slice(own.from, own.to), column).replace(/^[ \t]+/, "");
}

function itemText(what: Source, indent: string): string {
  if ("raw" in what) return rawListItem(what, indent);
  return `${indent}- ${writeBlock(what.value, `${indent}  `)}`;
}

/** Whether members are set apart by empty lines. */
function apart(source: string, parts: readonly (TextEntry | TextItem)[]): boolean {
  const [first, second] = parts;
  if (!first || !second) return false;
  return /\n[ \t]*\n/.test(source.slice(endOf(first), second.from));
}

function place(source: string, parts: readonly (TextEntry | TextItem)[], index: number, text: string): TextEdit {
  const blank = apart(source, parts) ? "\n" : "";
  const next = lines(source, parts, index);
  if (next) return { from: next.from, to: next.from, insert: `${text}\n${blank}` };
  const last = parts[parts.length - 1];
  if (index < parts.length || !last) throw new Refusal("Nothing can be put here, only in the text.");
  const end = lineEnd(source, endOf(last));
  return { from: end, to: end, insert: `\n${blank}${text}` };
}

export function insertBlockItem(source: string, list: TextList, index: number, what: Source): TextEdit {
  const first = list.items[0];
  const indent = " ".repeat(first ? columnOf(source, first.from) : 0);
  const text = itemText(what, indent);
  if (index === 0 && first && indentAt(source, first.from) === undefined) {
    return { from: first.from, to: first.from, insert: `${text.trimStart()}\n${indent}` };
  }
  return place(source, list.items, index, text);
}

function entryText(key: string, value: Json, indent: string): string {
  const named = `${writeFlow(key)}:`;
  if (isTall(value)) {
    const inner = `${indent}  `;
    return `${named}\n${inner}${writeBlock(value, inner)}`;
  }
  return `${named} ${scalar(value, indent)}`;
}

export function insertBlockEntry(source: string, map: TextMap, index: number, key: string, value: Json): TextEdit {
  const first = map.entries[0];
  const indent = " ".repeat(first ? columnOf(source, first.from) : 0);
  const text = entryText(key, value, indent);
  if (index === 0 && first && indentAt(source, first.from) === undefined) {
    return { from: first.from, to: first.from, insert: `${text}\n${indent}` };
  }
  const edit = place(source, map.entries, index, indent + text);
  // Keys stand close together, whatever the lists below them do.
  return { ...edit, insert: edit.from === lineEnd(source, edit.from) ? edit.insert.replace(/^\n\n/, "\n") : edit.insert.replace(/\n\n$/, "\n") };
}

/** A text of several lines as a block below its key; everything else on the line itself. */
function scalar(value: Json, indent: string): string {
  return typeof value === "string" && value.includes("\n") ? writeBlock(value, indent) : writeFlow(value);
}

export function replaceInBlock(source: string, node: TextNode, holder: Holder, value: Json): TextEdit {
  const to = Math.max(node.range[1], node.range[0]);
  if (!holder) return { from: node.range[0], to, insert: isTall(value) ? writeBlock(value, "") : writeFlow(value) };
  const part: TextEntry | TextItem = "entry" in holder ? holder.entry : holder.item;
  const after = "entry" in holder ? holder.entry.colon : part.from + 1;
  if (after < 0) throw new Refusal("This cannot be changed here, only in the text.");
  const indent = " ".repeat(columnOf(source, part.from));
  if (node.kind === "scalar" && !isTall(value) && node.style !== "block") return replaceScalar(source, node, value, indent, after);
  if (/[&!]/.test(source.slice(after, node.range[0]).replace(/#[^\n]*/g, ""))) throw new Refusal("This has an anchor or a tag; change it in the text.");
  return { from: after, to, insert: isTall(value) ? tall(value, indent, "item" in holder) : ` ${scalar(value, indent)}` };
}

function replaceScalar(source: string, node: TextNode, value: Json, indent: string, after: number): TextEdit {
  const written = scalar(value, indent);
  const none = node.kind === "scalar" && node.style === "none";
  if (none) return { from: after, to: after, insert: ` ${written}` };
  const quote = source[node.range[0]];
  const line = typeof value === "string" && !value.includes("\n");
  const kept = line && quote === '"' && !written.startsWith('"') ? JSON.stringify(value) : written;
  return { from: node.range[0], to: node.range[1], insert: kept };
}

function tall(value: Json, indent: string, inItem: boolean): string {
  const inner = `${indent}  `;
  return inItem ? ` ${writeBlock(value, inner)}` : `\n${inner}${writeBlock(value, inner)}`;
}

