/** Which vertex every way from the root to a vertex must pass. */
export interface Dominators {
  /** The nearest one of each vertex; -1 for the root and for what cannot be reached. */
  nearest: number[];
  /** Vertices with every dominator before what it dominates. */
  order: number[];
  /** Whether every way to a vertex passes another; it passes itself. */
  dominates: (above: number, below: number) => boolean;
  /** What a vertex dominates, itself first. */
  below: (top: number) => number[];
}

const NONE = -1;

/** By Cooper, Harvey and Kennedy: the nearest common dominator of what leads to a vertex, until nothing changes. */
export function dominators(next: readonly number[][], root: number): Dominators {
  const walked = walk(next, root).toReversed();
  const number: number[] = Array.from({ length: next.length }, () => NONE);
  walked.forEach((vertex, at) => (number[vertex] = at));
  const before = leadingTo(next, number, walked.length);
  const found = nearestOf(before);
  const nearest: number[] = number.map((at) => (at > 0 ? (walked[found[at] ?? 0] ?? NONE) : NONE));
  const inside: number[][] = next.map(() => []);
  for (const vertex of walked) if (nearest[vertex] !== NONE) inside[nearest[vertex] ?? root]?.push(vertex);
  const leave: number[] = [];
  const order: number[] = [];
  const enter: number[] = [];
  const open: [vertex: number, over: boolean][] = [[root, false]];
  for (let one = open.pop(); one; one = open.pop()) {
    const [vertex, over] = one;
    if (over) {
      leave[vertex] = order.length;
      continue;
    }
    enter[vertex] = order.push(vertex) - 1;
    open.push([vertex, true]);
    for (const child of inside[vertex] ?? []) open.push([child, false]);
  }
  const span = (vertex: number): [number, number] => [enter[vertex] ?? 0, leave[vertex] ?? 0];
  const dominates = (above: number, below: number) => {
    const [from, to] = span(above);
    const at = enter[below];
    return at !== undefined && from <= at && at < to;
  };
  return { nearest, order, dominates, below: (top) => order.slice(...span(top)) };
}

/** Vertices in the order in which a search to the depths is done with them. */
function walk(next: readonly number[][], root: number): number[] {
  const done: number[] = [];
  const seen = next.map(() => false);
  const path: [vertex: number, at: number][] = [[root, 0]];
  seen[root] = true;
  for (let top = path.at(-1); top; top = path.at(-1)) {
    const to = next[top[0]]?.[top[1]++];
    if (to === undefined) {
      done.push(top[0]);
      path.pop();
    } else if (!seen[to]) {
      seen[to] = true;
      path.push([to, 0]);
    }
  }
  return done;
}

/** What leads to each vertex, all of them by their numbers. */
function leadingTo(next: readonly number[][], number: readonly number[], count: number): number[][] {
  const before: number[][] = Array.from({ length: count }, () => []);
  for (const [vertex, tos] of next.entries()) {
    const from = number[vertex] ?? NONE;
    if (from !== NONE) for (const to of tos) before[number[to] ?? NONE]?.push(from);
  }
  return before;
}

function nearestOf(before: readonly number[][]): number[] {
  const found: number[] = before.map(() => NONE);
  found[0] = 0;
  for (let changed = true; changed;) {
    changed = false;
    for (let at = 1; at < before.length; at++) {
      const known = (before[at] ?? []).filter((from) => found[from] !== NONE);
      const best = known.reduce((a, b) => common(found, a, b));
      if (found[at] === best) continue;
      found[at] = best;
      changed = true;
    }
  }
  return found;
}

function common(found: readonly number[], one: number, other: number): number {
  let [a, b] = [one, other];
  while (a !== b) {
    while (a > b) a = found[a] ?? 0;
    while (b > a) b = found[b] ?? 0;
  }
  return a;
}
