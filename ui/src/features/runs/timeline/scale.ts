/** A span of time, in milliseconds. */
export interface Span {
  from: number;
  to: number;
}

/** A stretch of the time line: as long as it was, or folded. */
export interface Stretch extends Span {
  folded: boolean;
  /** Where it lies, from 0 to 1. */
  start: number;
  end: number;
}

/** A stretch in which nothing happens is folded where it is this long, and this much of the whole. */
const LEAST_MS = 2_000;
const LEAST_SHARE = 0.12;
/** How wide a fold is, as a share of all that is not folded. */
const FOLD = 0.06;

/**
 * The time line of busy spans between two times. Where nothing happens for long it is folded, so that what happens can
 * be seen; nothing is cut off at either end.
 */
export function stretches(busy: Span[], whole: Span, fold = true): Stretch[] {
  const total = Math.max(1, whole.to - whole.from);
  const edges = fold ? idle(busy, whole).filter(({ from, to }) => to - from >= Math.max(LEAST_MS, total * LEAST_SHARE)) : [];
  const parts: (Span & { folded: boolean })[] = [];
  let at = whole.from;
  for (const gap of edges) {
    if (gap.from > at) parts.push({ from: at, to: gap.from, folded: false });
    parts.push({ ...gap, folded: true });
    at = gap.to;
  }
  if (at < whole.to || parts.length === 0) parts.push({ from: at, to: Math.max(whole.to, at + 1), folded: false });
  return placed(parts);
}

function placed(parts: (Span & { folded: boolean })[]): Stretch[] {
  const open = parts.reduce((sum, { from, to, folded }) => (folded ? sum : sum + to - from), 0) || 1;
  const widths = parts.map(({ from, to, folded }) => (folded ? FOLD : (to - from) / open));
  const all = widths.reduce((sum, width) => sum + width, 0);
  let start = 0;
  return parts.map((part, at) => {
    const end = start + (widths[at] ?? 0) / all;
    const found = { ...part, start, end };
    start = end;
    return found;
  });
}

/** The gaps between busy spans. */
function idle(busy: Span[], whole: Span): Span[] {
  const gaps: Span[] = [];
  let at = whole.from;
  for (const { from, to } of [...busy].sort((a, b) => a.from - b.from)) {
    if (from > at) gaps.push({ from: at, to: Math.min(from, whole.to) });
    at = Math.max(at, to);
  }
  if (whole.to > at) gaps.push({ from: at, to: whole.to });
  return gaps;
}

/** Where a time lies, from 0 to 1. */
export function place(parts: Stretch[], time: number): number {
  const part = parts.find(({ to }) => time <= to) ?? parts.at(-1);
  if (!part) return 0;
  const share = Math.min(1, Math.max(0, (time - part.from) / Math.max(1, part.to - part.from)));
  return part.start + share * (part.end - part.start);
}
