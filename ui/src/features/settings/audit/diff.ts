/** One place at which something differs between before and after. */
export interface Difference {
  /** `settings.stopBeforeEdit`; empty for the whole. */
  path: string;
  /** As JSON; absent where there was nothing. */
  before?: string;
  after?: string;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

const json = (value: unknown): string => JSON.stringify(value, null, 2);

/** Every place at which two values differ, in the order in which they are read. Lists are compared whole. */
export function differences(before: unknown, after: unknown, path = ""): Difference[] {
  const [was, is] = [before ?? undefined, after ?? undefined];
  const [left, right] = [isObject(was) ? was : was === undefined ? {} : undefined, isObject(is) ? is : is === undefined ? {} : undefined];
  if (left && right && (isObject(was) || isObject(is))) {
    const names = [...new Set([...Object.keys(left), ...Object.keys(right)])].sort();
    return names.flatMap((name) => differences(left[name], right[name], path ? `${path}.${name}` : name));
  }
  if (json(was) === json(is)) return [];
  return [{ path, ...(was === undefined ? {} : { before: json(was) }), ...(is === undefined ? {} : { after: json(is) }) }];
}
