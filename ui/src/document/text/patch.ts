import { insertBlockEntry, insertBlockItem, removeBlockEntry, removeBlockItem, replaceInBlock, takeBlockItem } from "./block";
import { insertFlow, removeFlow, replaceInFlow } from "./flow";
import { applyEdits, type TextEdit } from "./edits";
import { type Format, parseText } from "./format";
import { get, isMap, type Json, type Path, resolved, type TextList, type TextMap, type TextNode, toJson } from "./node";
import { Refusal } from "./refusal";
import { type Holder, rawListItem, type Source } from "./source";

/**
 * A text that is changed in places, and read again after each change. Whatever is not changed keeps its bytes: comments,
 * order, layout. A change that cannot be made that way is a `Refusal`.
 */
export class Patch {
  private read: TextNode[] | undefined;
  constructor(
    public source: string,
    readonly format: Format,
  ) {}

  get docs(): TextNode[] {
    this.read ??= this.parse(this.source);
    return this.read;
  }

  node(doc: number, path: Path): TextNode | undefined {
    let node = this.docs[doc];
    for (const part of path) {
      if (node?.kind === "alias") throw new Refusal("This part is shared by an anchor of the text; change it there.");
      node = child(node, part)?.value;
    }
    return node;
  }

  /** Sets a value, making the maps on the way to it. Only what differs is written. */
  set(doc: number, path: Path, value: Json, before?: string): void {
    const there = this.node(doc, path);
    if (there && same(toJson(there), value)) return;
    if (there && there.kind === "alias") throw new Refusal("This part is shared by an anchor of the text; change it there.");
    if (there?.kind === "map" && isMap(value) && there.entries.length > 0 && Object.keys(value).length > 0) return this.setMap(doc, path, there, value);
    if (there?.kind === "list" && Array.isArray(value) && there.items.length === value.length) {
      value.forEach((item, at) => this.set(doc, [...path, at], item));
      return;
    }
    if (there) return this.change([this.replacement(doc, path, there, value)]);
    this.add(doc, path, value, before);
  }

  /** Many values that are there already, in one go. */
  setAll(doc: number, values: readonly (readonly [Path, Json])[]): void {
    const edits: TextEdit[] = [];
    const later: (readonly [Path, Json])[] = [];
    for (const [path, value] of values) {
      const there = this.node(doc, path);
      if (there?.kind === "scalar" && there.style !== "none") {
        if (!same(there.value, value)) edits.push(this.replacement(doc, path, there, value));
      } else later.push([path, value]);
    }
    this.change(edits);
    for (const [path, value] of later) this.set(doc, path, value);
  }

  remove(doc: number, path: Path): void {
    const { parent, index } = this.parentOf(doc, path);
    this.change(parent.flow ? removeFlow(this.source, parent, index) : this.removeFromBlock(doc, path, parent, index));
  }

  insert(doc: number, path: Path, index: number, what: Source): void {
    const there = this.node(doc, path);
    const list = there && resolved(there);
    if (!list || list.kind === "scalar") return this.set(doc, path, [what.value]);
    if (list.kind !== "list") throw new Refusal("There is no list here to add to.");
    if (list.items.length === 0 && this.format === "yaml" && !this.inFlow(doc, path)) return this.change([this.firstItem(doc, path, list, what)]);
    this.change(list.flow ? [insertFlow(this.source, list, Math.min(index, list.items.length), what, this.format)] : [insertBlockItem(this.source, list, Math.min(index, list.items.length), what)]);
  }

  /** The text of an item as it stands, to be put elsewhere. */
  take(doc: number, path: Path, index: number): Source {
    const list = resolved(this.node(doc, path));
    const item = list?.kind === "list" ? list.items[index] : undefined;
    if (list?.kind !== "list" || !item) throw new Refusal("What should be moved is not there any more.");
    const value = toJson(item.value);
    if (list.flow) return { value, raw: this.source.slice(...item.value.range), block: false };
    return { value, raw: takeBlockItem(this.source, list, index), block: true };
  }

  /** Puts another text in its place. */
  replace(source: string): void {
    this.read = this.parse(source);
    this.source = source;
  }

  /** Puts a further YAML document behind the others. */
  addDocument(written: string): void {
    const end = this.source.endsWith("\n") || this.source === "" ? "" : "\n";
    this.change([{ from: this.source.length, to: this.source.length, insert: `${end}\n---\n${written}\n` }]);
  }

  private setMap(doc: number, path: Path, there: TextMap, value: { [key: string]: Json }): void {
    for (const { key } of there.entries) if (!(key in value) && key !== "<<") this.remove(doc, [...path, key]);
    for (const [key, item] of Object.entries(value)) this.set(doc, [...path, key], item);
  }

  private add(doc: number, path: Path, value: Json, before?: string): void {
    const key = path[path.length - 1];
    const parentPath = path.slice(0, -1);
    if (typeof key === "number") return this.insert(doc, parentPath, key, { value });
    if (key === undefined) throw new Refusal("There is nothing to write into.");
    const parent = resolved(this.node(doc, parentPath));
    if (!parent || (parent.kind === "scalar" && parent.value === null)) return this.set(doc, parentPath, { [key]: value }, before);
    if (parent.kind !== "map") throw new Refusal(`\`${key}\` cannot be added here: what holds it is no map.`);
    if (parent.entries.length === 0) return this.change([this.replacement(doc, parentPath, parent, { [key]: value })]);
    this.change([this.addition(parent, key, value, before)]);
  }

  private addition(parent: TextMap, key: string, value: Json, before?: string): TextEdit {
    const place = before ? parent.entries.findIndex((entry) => entry.key === before) : -1;
    const index = place < 0 ? parent.entries.length : place;
    return parent.flow
      ? insertFlow(this.source, parent, index, { value }, this.format, key)
      : insertBlockEntry(this.source, parent, index, key, value);
  }

  private replacement(doc: number, path: Path, there: TextNode, value: Json): TextEdit {
    const holder = this.holder(doc, path);
    if (this.format === "json" || this.inFlow(doc, path)) return replaceInFlow(this.source, there, value, this.format);
    return replaceInBlock(this.source, there, holder, value);
  }

  private firstItem(doc: number, path: Path, list: TextList, what: Source): TextEdit {
    const whole = replaceInBlock(this.source, list, this.holder(doc, path), ["x"]);
    const at = whole.insert.lastIndexOf("- x");
    const indent = whole.insert.slice(whole.insert.lastIndexOf("\n", at) + 1, at);
    const item = "raw" in what ? rawListItem(what, indent) : undefined;
    if (item === undefined) return replaceInBlock(this.source, list, this.holder(doc, path), [what.value]);
    return { ...whole, insert: whole.insert.slice(0, whole.insert.lastIndexOf("\n") + 1) + item };
  }

  private removeFromBlock(doc: number, path: Path, parent: TextMap | TextList, index: number): TextEdit[] {
    const count = parent.kind === "map" ? parent.entries.length : parent.items.length;
    if (count > 1) return parent.kind === "map" ? removeBlockEntry(this.source, parent, index) : removeBlockItem(this.source, parent, index);
    return [replaceInBlock(this.source, parent, this.holder(doc, path.slice(0, -1)), parent.kind === "map" ? {} : [])];
  }

  private parentOf(doc: number, path: Path): { parent: TextMap | TextList; index: number } {
    const parent = resolved(this.node(doc, path.slice(0, -1)));
    const part = path[path.length - 1];
    const index = parent?.kind === "map" ? parent.entries.findIndex((entry) => entry.key === part) : Number(part);
    const there = parent?.kind === "map" ? parent.entries[index] : parent?.kind === "list" ? parent.items[index] : undefined;
    if (!there || !parent || parent.kind === "scalar" || parent.kind === "alias") throw new Refusal("What should be removed is not there any more.");
    return { parent, index };
  }

  private holder(doc: number, path: Path): Holder {
    const part = path[path.length - 1];
    if (part === undefined) return undefined;
    const parent = this.node(doc, path.slice(0, -1));
    if (parent?.kind === "map") {
      const entry = parent.entries.find((entry) => entry.key === part);
      return entry && { map: parent, entry };
    }
    const item = parent?.kind === "list" ? parent.items[Number(part)] : undefined;
    return parent?.kind === "list" && item ? { list: parent, item } : undefined;
  }

  /** Whether something around it, or itself where it says something, is written in braces. */
  private inFlow(doc: number, path: Path): boolean {
    return path.some((_, depth) => {
      const node = this.node(doc, path.slice(0, depth));
      return (node?.kind === "map" || node?.kind === "list") && node.flow;
    });
  }

  private change(edits: readonly TextEdit[]): void {
    if (edits.length === 0) return;
    const source = applyEdits(this.source, edits);
    this.read = this.parse(source);
    this.source = source;
  }

  private parse(source: string): TextNode[] {
    const { docs, problems } = parseText(source, this.format);
    if (problems[0]) throw new Refusal(`This cannot be changed here, only in the text (line ${problems[0].line}).`);
    return docs;
  }
}

function child(node: TextNode | undefined, part: string | number): { value: TextNode } | undefined {
  if (typeof part === "string") {
    const value = get(node, part);
    return value && { value };
  }
  const list = resolved(node);
  return list?.kind === "list" ? list.items[part] : undefined;
}

export function same(a: Json, b: Json): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
