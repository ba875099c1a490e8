/** An expression within a text, without its braces. */
export interface Part {
  from: number;
  to: number;
}

/** The expressions of a text with `{{ }}`; one that is not ended goes to the end of the text. */
export function expressionsIn(text: string): Part[] {
  const found: Part[] = [];
  for (let at = text.indexOf("{{"); at >= 0; ) {
    const escaped = (/\\*$/.exec(text.slice(0, at))?.[0].length ?? 0) % 2 === 1;
    const to = escaped ? at : endOf(text, at + 2);
    if (!escaped) found.push({ from: at + 2, to });
    at = text.indexOf("{{", Math.max(to, at + 2));
  }
  return found;
}

/** Where `}}` ends an expression; not in a quoted text, nor that of an object in it. */
function endOf(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const sign = text[at] as string;
    if ("'\"`".includes(sign)) at = behindQuote(text, at, sign);
    else if (sign === "{") depth++;
    else if (sign === "}" && depth > 0) depth--;
    else if (text.startsWith("}}", at)) return at;
  }
  return text.length;
}

/** The place of the closing quote; a quote that is not closed is part of what is half written. */
function behindQuote(text: string, from: number, quote: string): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === quote) return at;
    else if (text.startsWith("}}", at) && !text.slice(at).includes(quote)) return at - 1;
  }
  return text.length;
}

/** The expression around a place. A text without braces is one as a whole where it is meant as one. */
export function expressionAt(text: string, at: number, whole: boolean): Part | undefined {
  const found = expressionsIn(text);
  if (whole && found.length === 0) return { from: 0, to: text.length };
  return found.find((part) => part.from <= at && at <= part.to);
}

/** All of them. */
export function partsOf(text: string, whole: boolean): Part[] {
  const found = expressionsIn(text);
  return whole && found.length === 0 && text.trim() !== "" ? [{ from: 0, to: text.length }] : found;
}
