import { isMap, type Json, type Projection } from "@/document";
import type { Step } from "./use-run";

/** Something an expression can name, and what it was in the run that is looked at. */
export interface Reference {
  expression: string;
  value: Json;
}

const MOST = 200;
const NAME = /^[A-Za-z_$][\w$]*$/;

/** A member of something, as an expression writes it. */
export const part = (name: string): string => (NAME.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`);

/** What earlier steps gave, and the members of it, two levels deep. */
export function referencesOf(projection: Projection, steps: readonly Step[], input: Json | undefined): Reference[] {
  const found: Reference[] = [];
  if (input !== undefined) collect("input", input, 0, found);
  if (projection.dialect !== "graph") return found;
  for (const node of projection.nodes) {
    const step = steps.findLast((one) => one.path.endsWith(`/${node.id}`) && one.status === "succeeded");
    if (step) collect(`nodes${part(node.id)}.output`, step.output as Json, 0, found);
  }
  return found;
}

function collect(expression: string, value: Json, depth: number, into: Reference[]): void {
  if (into.length >= MOST) return;
  into.push({ expression, value });
  if (depth < 2 && isMap(value)) for (const [name, inner] of Object.entries(value)) collect(expression + part(name), inner, depth + 1, into);
}
