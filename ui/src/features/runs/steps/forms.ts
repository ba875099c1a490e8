import { member } from "../machine/diff";

/** What is seen of a value: all of it as a tree, a list of records as a table, its text, or only what sort its parts are. */
export type Form = "tree" | "table" | "json" | "schema";

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

/** As many columns as can be looked over. */
const MOST_COLUMNS = 24;
/** Rows whose members become columns. */
const MOST_LOOKED_AT = 200;

/** The forms in which a value says more than as the one word it is. */
export function formsOf(value: unknown): Form[] {
  if (typeof value !== "object" || value === null) return [];
  return [...(columnsOf(value).length > 0 ? (["tree", "table"] as const) : (["tree"] as const)), "json", "schema"];
}

/** Members of the records of a list, in the order in which they come up; none where it is no list of records. */
export function columnsOf(value: unknown): string[] {
  if (!Array.isArray(value) || value.length === 0) return [];
  const looked = value.slice(0, MOST_LOOKED_AT);
  if (!looked.every(isRecord)) return [];
  return [...new Set(looked.flatMap((row) => Object.keys(row as object)))].slice(0, MOST_COLUMNS);
}

/** A part of a value, and what sort it is. */
export interface Part {
  path: string;
  name: string;
  depth: number;
  sort: string;
}

const MOST_PARTS = 500;

/** The parts of a value as their sorts. Records of a list are looked at together, as its first one. */
export function schemaOf(value: unknown, path: string): Part[] {
  const parts: Part[] = [];
  collect(value, path, 0, parts);
  return parts;
}

function collect(value: unknown, path: string, depth: number, into: Part[]): void {
  const [inner, at] = Array.isArray(value) ? [merged(value), `${path}[0]`] : [value, path];
  if (!isRecord(inner)) return;
  for (const [name, part] of Object.entries(inner)) {
    if (into.length >= MOST_PARTS) return;
    const own = member(at, name);
    into.push({ path: own, name, depth, sort: sortOf(part) });
    collect(part, own, depth + 1, into);
  }
}

/** All members that any record of a list has, each as in the first record with it. */
function merged(list: unknown[]): unknown {
  const records = list.slice(0, MOST_LOOKED_AT).filter(isRecord);
  return records.length === 0 ? list[0] : Object.assign({}, ...records.toReversed());
}

export function sortOf(value: unknown): string {
  if (value === null) return "nothing";
  if (!Array.isArray(value)) return typeof value === "object" ? "object" : typeof value;
  const sorts = [...new Set(value.slice(0, MOST_LOOKED_AT).map(sortOf))];
  return sorts.length === 0 ? "empty list" : `list of ${sorts.length === 1 ? `${sorts[0]}s`.replace(/nothings$/, "nothing") : "different things"}`;
}
