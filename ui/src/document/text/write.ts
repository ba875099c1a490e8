import { stringify } from "yaml";
import type { Json } from "./node";

/** As wide as a value may be before it is written on several lines. */
const WIDTH = 100;

/** JSON the way people write it: on one line where that is short enough. */
export function writeJson(value: Json, indent: string, unit: string, width = WIDTH): string {
  const short = jsonLine(value);
  if (short.length + indent.length <= width || typeof value !== "object" || value === null) return short;
  const inner = indent + unit;
  const parts = Array.isArray(value)
    ? value.map((item) => writeJson(item, inner, unit, width))
    : Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${writeJson(item, inner, unit, width)}`);
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  return `${open}\n${inner}${parts.join(`,\n${inner}`)}\n${indent}${close}`;
}

function jsonLine(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(jsonLine).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{${Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${jsonLine(item)}`).join(", ")}}`;
}

const PLAIN = { lineWidth: 0, aliasDuplicateObjects: false, flowCollectionPadding: false } as const;

/** YAML on one line, for inside `{}` and `[]`. */
export function writeFlow(value: Json): string {
  return stringify(value, { ...PLAIN, collectionStyle: "flow", blockQuote: false }).trimEnd();
}

/** YAML on as many lines as it takes, the first one not indented. */
export function writeBlock(value: Json, indent: string): string {
  const lines = stringify(value, { ...PLAIN, indent: 2, indentSeq: true, minContentWidth: 0 }).replace(/\n$/, "").split("\n");
  return lines.map((line, at) => (at === 0 || line === "" ? line : indent + line)).join("\n");
}

/** Whether a value takes lines of its own below its key. */
export function isTall(value: Json): boolean {
  return typeof value === "object" && value !== null && (Array.isArray(value) ? value.length > 0 : Object.keys(value).length > 0);
}
