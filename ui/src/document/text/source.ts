import type { Json, TextEntry, TextItem, TextList, TextMap } from "./node";

/** The text of something that is moved, with its comments; or a value that is to be written. */
export type Source = { value: Json } | { raw: string; block: boolean; value: Json };

/** What holds a value: an entry of a map, or an item of a list. */
export type Holder = { map: TextMap; entry: TextEntry } | { list: TextList; item: TextItem } | undefined;

/** An item as lines of a block list that stands at an indentation. */
export function rawListItem(what: { raw: string; block: boolean }, indent: string): string {
  const lines = what.block ? what.raw : `- ${what.raw}`;
  return lines.split("\n").map((line) => (line === "" ? line : indent + line)).join("\n");
}
