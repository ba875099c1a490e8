import { parseJson } from "./json";
import { lineAt, type TextDocuments } from "./node";
import { Remembered } from "./remembered";
import { parseYaml } from "./yaml";

export type Format = "yaml" | "json";

const remembered: Record<Format, Remembered> = { yaml: new Remembered(), json: new Remembered() };

/** By file name; where that says nothing, by what the text begins with. */
export function formatOf(name: string, source: string): Format {
  if (name.endsWith(".json")) return "json";
  if (name.endsWith(".yaml") || name.endsWith(".yml")) return "yaml";
  return source.trimStart().startsWith("{") && parseJson(source).problems.length === 0 ? "json" : "yaml";
}

/** Never throws: what cannot be read is a problem with a line. Nobody changes what it gives. */
export function parseText(source: string, format: Format): TextDocuments {
  return remembered[format].of(source, (text) => readText(text, format));
}

function readText(source: string, format: Format): TextDocuments {
  try {
    return format === "json" ? parseJson(source) : parseYaml(source);
  } catch (error) {
    const message = error instanceof RangeError ? "this is nested too deeply to be read" : `this cannot be read: ${String(error)}`;
    return { docs: [], problems: [{ message, range: [0, source.length], line: lineAt(source, 0) }] };
  }
}
