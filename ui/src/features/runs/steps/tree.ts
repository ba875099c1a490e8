import type { Schemas } from "@/lib/api";

export type Step = Schemas["StepLine"];

/** A step where it stands among the others. */
export interface Placed {
  step: Step;
  depth: number;
  children: number;
}

/** Steps below the regions that they are in, in the order of entering. What is inside a closed region is left out. */
export function tree(steps: Step[], closed: ReadonlySet<string> = new Set()): Placed[] {
  const known = new Set(steps.map(({ path }) => path));
  const below = new Map<string, Step[]>();
  for (const step of steps) {
    const parent = parentOf(step.path, known);
    below.set(parent, [...(below.get(parent) ?? []), step]);
  }
  const found: Placed[] = [];
  const walk = (parent: string, depth: number) => {
    for (const step of below.get(parent) ?? []) {
      const children = below.get(step.path)?.length ?? 0;
      found.push({ step, depth, children });
      if (!closed.has(step.path)) walk(step.path, depth + 1);
    }
  };
  walk("", 0);
  return found;
}

/** The nearest region around a path that is among the steps; `a/b[2]/c` is in `a/b`, where there is one. */
function parentOf(path: string, known: ReadonlySet<string>): string {
  for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) {
    const around = path.slice(0, at);
    if (known.has(around)) return around;
    const bare = around.replace(/\[\d+\]$/, "");
    if (bare !== around && known.has(bare)) return bare;
  }
  return "";
}

/** The name that a path ends with, without its turn. */
export const nameOf = (path: string): string => (path.split("/").at(-1) ?? path).replace(/\[\d+\]$/, "");

/** The turns of loops and lists that a path goes through: `[2]`, `[0] [4]`. */
export const turnsOf = (path: string): string => (path.match(/\[\d+\]/g) ?? []).join(" ");

/** The step that made the run fail: the deepest one at the place the run names, else the first that failed. */
export function causeOf(steps: Step[], path: string | undefined): Step | undefined {
  const failed = steps.filter((step) => step.error || step.status === "failed" || step.status === "timed_out");
  return failed.find((step) => step.path === path) ?? failed.find((step) => !step.region) ?? failed.at(-1);
}
