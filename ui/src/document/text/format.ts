import { parseJson } from "./json";
import { lineAt, type TextDocuments } from "./node";
import { parseYaml } from "./yaml";

export type Format = "yaml" | "json";

/** By file name; where that says nothing, by what the text begins with. */
export function formatOf(name: string, source: string): Format {
  if (name.endsWith(".json")) return "json";
  if (name.endsWith(".yaml") || name.endsWith(".yml")) return "yaml";
  return source.trimStart().startsWith("{") && parseJson(source).problems.length === 0 ? "json" : "yaml";
}

/** Never throws: what cannot be read is a problem with a line. */
export function parseText(source: string, format: Format): TextDocuments {
  try {
    return format === "json" ? parseJson(source) : parseYaml(source);
  } catch (error) {
    const message = error instanceof RangeError ? "this is nested too deeply to be read" : `this cannot be read: ${String(error)}`;
    return { docs: [], problems: [{ message, range: [0, source.length], line: lineAt(source, 0) }] };
  }
}
