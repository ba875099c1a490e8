/** Offsets of lines; a line ends before its line feed. */
export const lineStart = (text: string, at: number): number => text.lastIndexOf("\n", at - 1) + 1;

export function lineEnd(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end;
}

/** The spaces before something that stands alone at the beginning of its line; else nothing. */
export function indentAt(text: string, at: number): string | undefined {
  const before = text.slice(lineStart(text, at), at);
  return /^[ \t]*$/.test(before) ? before : undefined;
}

/** The spaces a line begins with. */
export const indentOfLine = (text: string, at: number): string => /^[ \t]*/.exec(text.slice(lineStart(text, at)))?.[0] ?? "";

const lineBefore = (text: string, start: number): string => text.slice(lineStart(text, start - 1), start - 1);

/** Where what belongs to a line begins: with the comments directly above it that are indented no less. */
export function withComments(text: string, at: number, notBefore: number): number {
  let start = lineStart(text, at);
  const indent = indentOfLine(text, at).length;
  while (start > notBefore && start > 0) {
    const above = lineBefore(text, start);
    const comment = /^([ \t]*)#/.exec(above);
    const from = lineStart(text, start - 1);
    if (!comment || (comment[1] ?? "").length < indent || from < notBefore) break;
    start = from;
  }
  return start;
}

/** Where empty lines above begin. */
export function blanksBefore(text: string, start: number, notBefore: number): number {
  let from = start;
  while (from > notBefore && from > 0 && lineBefore(text, from).trim() === "") from = lineStart(text, from - 1);
  return Math.max(from, notBefore);
}

/** Takes indentation off every line but the first; lines that have less keep what they have. */
export function dedent(text: string, columns: number): string {
  const spaces = new RegExp(`^[ \\t]{0,${columns}}`);
  return text.split("\n").map((line, at) => (at === 0 ? line : line.replace(spaces, ""))).join("\n");
}

/** Indents every line but the first and the empty ones. */
export function indented(text: string, indent: string): string {
  return text.split("\n").map((line, at) => (at === 0 || line === "" ? line : indent + line)).join("\n");
}
