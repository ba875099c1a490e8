import type { FlowNode, Json, Path } from "@/document";
import type { Builder } from "../state";
import type { Found } from "../use-check";

/** The flow that expressions stand in, and where a value of it is. */
export interface Around {
  text: string;
  files: readonly { name: string; text: string }[];
  bindings: { [name: string]: string };
  project: string;
  problems: readonly Found[];
  /** Where a value of the step stands in the text, or what is around it. */
  rangeOf: (path: Path) => readonly [number, number];
}

/** The flow as it is now, around a step or as a whole. */
export function aroundOf({ draft: { flow }, document: doc, state: { text }, problems }: Builder, node?: FlowNode): Around {
  const files = [{ name: flow.files[0]?.name ?? "flow.yaml", text }, ...flow.files.slice(1)];
  const rangeOf = (path: Path) => doc.rangeOf(node?.doc ?? 0, [...(node?.path ?? []), ...path]);
  return { text, files, bindings: flow.bindings, project: flow.project, problems, rangeOf };
}

/** Parameters that are an expression without braces around it. */
const WHOLE = new Set(["expression", "condition"]);

export const isWhole = (name: string): boolean => WHOLE.has(name);

/** Where the characters of a value begin in the text; nothing where they are written another way there. */
export function startOf({ text, rangeOf }: Around, path: Path, value: Json | undefined): number | undefined {
  const [from, to] = rangeOf(path);
  const at = typeof value === "string" && value !== "" ? text.slice(from, to).indexOf(value) : -1;
  return at < 0 ? undefined : from + at;
}

/** What the check of the flow found in a value, in places of the value. */
export function problemsIn(around: Around, path: Path, value: string): Found[] {
  const [from, to] = around.rangeOf(path);
  const start = startOf(around, path, value);
  const inside = around.problems.filter((one) => one.file === "" && one.from >= from && one.to <= to && one.to > one.from);
  return inside.map((one) => (start === undefined ? { ...one, from: 0, to: value.length } : { ...one, from: Math.max(0, one.from - start), to: Math.max(1, one.to - start) }));
}
