import { blocksOf, spansOf } from "./blocks";

export type Dialect = "tree" | "graph" | "organism" | "ir";

export interface TextFile {
  name: string;
  text: string;
}

export interface Template {
  name: string;
  title: string;
  /** The first paragraph of what is said about it. */
  summary: string;
  /** All of it, as Markdown. */
  about: string;
  dialect: Dialect;
  /** The flow itself first, then what it includes. */
  files: TextFile[];
  /** Flows it calls by name. */
  calls: TextFile[];
  bindings: Record<string, string>;
  /** What it is tried with. */
  input: string | undefined;
}

/** Not part of a flow: what it is tried with, and what comes of it. */
const ASIDE = /^(input|expected.*|fixed)\.(json|yaml)$/;

/** A template from a folder with a flow and what belongs to it; nothing where there is no flow. */
export function templateFrom(folder: string, files: Record<string, string>): Template | undefined {
  const main = ["flow.yaml", "flow.json"].find((name) => files[name] !== undefined);
  const text = main ? files[main] : undefined;
  if (!main || text === undefined) return undefined;
  const others = Object.entries(files)
    .filter(([name]) => name !== main && /\.(yaml|json)$/.test(name) && !ASIDE.test(name))
    .map(([name, text]) => ({ name, text }));
  const dialect = dialectOf(text);
  // Graphs call other flows by name; trees take in files that lie beside them.
  const called = dialect === "graph";
  const about = files["README.md"] ?? "";
  return {
    name: folder,
    title: /^# (.+)$/m.exec(about)?.[1] ?? folder,
    summary: firstParagraph(about),
    about,
    dialect,
    files: [{ name: main, text }, ...(called ? [] : others)],
    calls: called ? others : [],
    bindings: bindingsOf(files["bind.txt"] ?? ""),
    input: files["input.json"],
  };
}

/** By what only one of them begins with; the server decides when it reads the flow. */
export function dialectOf(text: string): Dialect {
  if (/^\s*\{/.test(text)) return /^\s*\{\s*"ir"\s*:/.test(text) ? "ir" : "graph";
  if (/^organism\s*:/m.test(text)) return "organism";
  return /^nodes\s*:/m.test(text) ? "graph" : "tree";
}

export function firstParagraph(markdown: string): string {
  const text = blocksOf(markdown).find((block) => block.kind === "text")?.text ?? "";
  return spansOf(text).map((span) => span.text).join("");
}

/** Lines `name=meaning`. */
function bindingsOf(text: string): Record<string, string> {
  const lines = text.split("\n").filter((line) => line.includes("="));
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
}
