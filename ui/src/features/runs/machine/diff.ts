/** What differs between two JSON values, member by member. */
export interface Difference {
  /** As one would write it: `steps.judge.output.items[2]`. */
  path: string;
  kind: "added" | "removed" | "changed";
  before?: unknown;
  after?: unknown;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

export function member(path: string, key: string | number): string {
  if (typeof key === "number") return `${path}[${key}]`;
  if (!/^[A-Za-z_$][\w$]*$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path ? `${path}.${key}` : key;
}

/** In the order of `before`, then what is new. `most` bounds how many are told. */
export function differences(before: unknown, after: unknown, most = 2_000): Difference[] {
  const found: Difference[] = [];
  walk(before, after, "", found, most);
  return found;
}

function walk(before: unknown, after: unknown, path: string, found: Difference[], most: number): void {
  if (found.length >= most || Object.is(before, after)) return;
  if (isObject(before) && isObject(after) && Array.isArray(before) === Array.isArray(after)) {
    for (const key of keysOf(before, after)) inside(before, after, key, path, found, most);
    return;
  }
  found.push({ path, kind: "changed", before, after });
}

function keysOf(before: object, after: object): string[] {
  return [...Object.keys(before), ...Object.keys(after).filter((key) => !Object.hasOwn(before, key))];
}

function inside(before: Record<string, unknown>, after: Record<string, unknown>, key: string, path: string, found: Difference[], most: number): void {
  const at = member(path, Array.isArray(before) ? Number(key) : key);
  if (found.length >= most) return;
  if (!Object.hasOwn(after, key)) found.push({ path: at, kind: "removed", before: before[key] });
  else if (!Object.hasOwn(before, key)) found.push({ path: at, kind: "added", after: after[key] });
  else walk(before[key], after[key], at, found, most);
}
