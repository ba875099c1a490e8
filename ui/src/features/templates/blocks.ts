export interface Block {
  kind: "text" | "heading" | "item" | "code";
  text: string;
  /** Of a numbered list. */
  number?: string;
}

export interface Span {
  text: string;
  code: boolean;
  look?: "strong" | "em";
  href?: string;
}

/** The blocks of a simple Markdown text, in order. */
export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = [];
  let open: Block | undefined;
  let fenced = false;
  for (const line of markdown.split("\n")) {
    if (line.startsWith("```")) {
      fenced = !fenced;
      open = fenced ? push(blocks, { kind: "code", text: "" }) : undefined;
    } else if (fenced && open) {
      open.text += `${open.text ? "\n" : ""}${line}`;
    } else if (line.trim() === "") {
      if (open?.kind !== "code") open = undefined;
      else open.text += "\n";
    } else {
      open = add(blocks, open, line);
    }
  }
  return blocks.map((block) => ({ ...block, text: block.text.trimEnd() }));
}

function add(blocks: Block[], open: Block | undefined, line: string): Block {
  if (/^ {4}/.test(line) && open?.kind !== "item" && open?.kind !== "text") {
    if (open?.kind !== "code") return push(blocks, { kind: "code", text: line.slice(4) });
    open.text += `\n${line.slice(4)}`;
    return open;
  }
  const heading = /^#+ (.*)$/.exec(line);
  if (heading) return push(blocks, { kind: "heading", text: heading[1] ?? "" });
  const item = /^[-*] (.*)$/.exec(line);
  if (item) return push(blocks, { kind: "item", text: item[1] ?? "" });
  const numbered = /^(\d{1,3})[.)] (.*)$/.exec(line);
  if (numbered) return push(blocks, { kind: "item", text: numbered[2] ?? "", number: numbered[1] ?? "" });
  if (open && open.kind !== "code" && open.kind !== "heading") {
    open.text += ` ${line.trim()}`;
    return open;
  }
  return push(blocks, { kind: "text", text: line });
}

function push(blocks: Block[], block: Block): Block {
  blocks.push(block);
  return block;
}

const SPANS = /`([^`]+)`|\*\*([^*]+)\*\*|\*([^*\s](?:[^*]*[^*\s])?)\*|(?<!\w)_([^_\s](?:[^_]*[^_\s])?)_(?!\w)|\[([^\]]+)\]\(([^)\s]*)\)/g;

/** Plain text, `code`, **strong** and *other* words, and links; of a link that leads to no page on the web only its words. */
export function spansOf(text: string): Span[] {
  const spans: Span[] = [];
  const plain = text.replace(/\[([^\]]+)\]\((?!https?:)[^)]*\)/g, "$1");
  let from = 0;
  for (const found of plain.matchAll(SPANS)) {
    const [whole, code, strong, em, alsoEm, words, href = ""] = found;
    if (found.index > from) spans.push({ text: plain.slice(from, found.index), code: false });
    from = found.index + whole.length;
    if (code !== undefined) spans.push({ text: code, code: true });
    else if (strong !== undefined) spans.push({ text: strong, code: false, look: "strong" });
    else if (words === undefined) spans.push({ text: em ?? alsoEm ?? "", code: false, look: "em" });
    else spans.push({ text: words, code: false, href });
  }
  if (from < plain.length) spans.push({ text: plain.slice(from), code: false });
  return spans;
}
