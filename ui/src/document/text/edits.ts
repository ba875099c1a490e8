/** Replaces `[from, to)` of a text. */
export interface TextEdit {
  from: number;
  to: number;
  insert: string;
}

/** Edits of one text, none touching another. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  let result = text;
  for (const { from, to, insert } of [...edits].sort((a, b) => b.from - a.from || b.to - a.to)) {
    result = result.slice(0, from) + insert + result.slice(to);
  }
  return result;
}

/** The smallest single edit that leads from one text to another; nothing where they are the same. */
export function difference(before: string, after: string): TextEdit | undefined {
  if (before === after) return undefined;
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before.charCodeAt(head) === after.charCodeAt(head)) head++;
  let tail = 0;
  while (tail < shorter - head && before.charCodeAt(before.length - 1 - tail) === after.charCodeAt(after.length - 1 - tail)) tail++;
  return { from: head, to: before.length - tail, insert: after.slice(head, after.length - tail) };
}

/** What takes an edit back, given the text it was made in. */
export function inverse(text: string, edit: TextEdit): TextEdit {
  return { from: edit.from, to: edit.from + edit.insert.length, insert: text.slice(edit.from, edit.to) };
}
