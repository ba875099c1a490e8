import { BLANK, type CanvasData } from "@/document";

/** What the server keeps for the canvas; anything else counts as nothing. */
export function readCanvas(given: unknown): CanvasData {
  if (typeof given !== "object" || given === null) return BLANK;
  const part = (name: string) => (name in given ? (given as Record<string, unknown>)[name] : undefined);
  return { positions: map(part("positions")), notes: map(part("notes")), groups: map(part("groups")) } as CanvasData;
}

const isMap = (value: unknown): value is object => typeof value === "object" && value !== null && !Array.isArray(value);

const map = (value: unknown) => (isMap(value) ? value : {});

/** The server gives members in an order of its own. */
const inOrder = (_: string, value: unknown) => (isMap(value) ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))) : value);

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one, inOrder) === JSON.stringify(other, inOrder);

/** Whether both show the same, however they are written. */
export const sameCanvas = (one: CanvasData, other: CanvasData): boolean => same(one, other);

/** What either side has changed since `before`; where both have changed the same, mine. */
export function bothCanvases(before: CanvasData, mine: CanvasData, theirs: CanvasData): CanvasData {
  return {
    positions: both(before.positions, mine.positions, theirs.positions),
    notes: both(before.notes, mine.notes, theirs.notes),
    groups: both(before.groups, mine.groups, theirs.groups),
  };
}

type Parts<T> = { [key: string]: T };

function both<T>(before: Parts<T>, mine: Parts<T>, theirs: Parts<T>): Parts<T> {
  const keys = Object.keys({ ...theirs, ...mine });
  const chosen = keys.map((key) => [key, one(before[key], mine[key], theirs[key])] as const);
  return Object.fromEntries(chosen.filter((entry): entry is readonly [string, T] => entry[1] !== undefined));
}

/** What one side took away stays where the other has changed it. */
function one<T>(before: T | undefined, mine: T | undefined, theirs: T | undefined): T | undefined {
  if (same(mine, before)) return theirs;
  return mine === undefined && !same(theirs, before) ? theirs : mine;
}
