import type { Point, Projection } from "@/document";

export type Direction = "left" | "right" | "up" | "down";

/** The nearest node in a direction: what lies aside of it counts as further away. */
export function nearest(places: ReadonlyMap<string, Point>, from: string, direction: Direction): string | undefined {
  const here = places.get(from);
  if (!here) return places.keys().next().value;
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const [key, point] of places) {
    const [dx, dy] = [point.x - here.x, point.y - here.y];
    const ahead = { left: -dx, right: dx, up: -dy, down: dy }[direction];
    const aside = Math.abs(direction === "left" || direction === "right" ? dy : dx);
    if (key === from || ahead <= 0 || ahead + aside * 2 >= least) continue;
    best = key;
    least = ahead + aside * 2;
  }
  return best;
}

/** Everything before nodes, after them, or joined to them at all; with themselves. */
export function related(projection: Projection, keys: readonly string[], which: "before" | "after" | "all"): string[] {
  const found = new Set(keys);
  const open = [...keys];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const { source, target } of projection.edges) {
      const next = [which !== "before" && source === at ? target : undefined, which !== "after" && target === at ? source : undefined];
      for (const key of next) {
        if (key === undefined || found.has(key)) continue;
        found.add(key);
        open.push(key);
      }
    }
  }
  return projection.nodes.filter((node) => found.has(node.key)).map((node) => node.key);
}

/** Nodes by words in their titles, ids and types, the best first. */
export function named(projection: Projection, words: string): Projection["nodes"] {
  const wanted = words.trim().toLowerCase();
  const rank = (node: Projection["nodes"][number]) => {
    const title = node.title.toLowerCase();
    if (title === wanted || node.id.toLowerCase() === wanted) return 0;
    if (title.startsWith(wanted)) return 1;
    return `${title} ${node.id} ${node.type}`.toLowerCase().includes(wanted) ? 2 : 3;
  };
  return projection.nodes.map((node) => [rank(node), node] as const).filter(([found]) => found < 3).sort((a, b) => a[0] - b[0]).map(([, node]) => node);
}
