export interface Block {
  kind: "text" | "heading" | "item" | "code";
  text: string;
}

export interface Span {
  text: string;
  code: boolean;
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

/** Plain text and `code`; of a link its words. */
export function spansOf(text: string): Span[] {
  const plain = text.replace(/\[([^\]]+)\]\([^)]*\)/g, "$1").replace(/\*\*([^*]+)\*\*/g, "$1");
  return plain.split("`").flatMap((part, at) => (part ? [{ text: part, code: at % 2 === 1 }] : []));
}
