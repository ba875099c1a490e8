import { parseAllDocuments } from "yaml";
import { nameOf } from "./tree";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type JsonMap = { [key: string]: Json };

const isMap = (value: unknown): value is JsonMap => typeof value === "object" && value !== null && !Array.isArray(value);

/** What only places a step among others, or draws it. */
const FRAME = new Set(["id", "name", "type", "title", "children", "nodes", "edges", "listeners", "steps", "position", "was", "data", "props", "label", "parentId"]);

/**
 * The settings of a step as its flow has them, with expressions as they are written; undefined where the text has no
 * step of that name (an agent's own steps are not written down).
 */
export function configOf(files: { name: string; text: string }[], path: string): JsonMap | undefined {
  const name = nameOf(path);
  for (const file of files) {
    for (const document of parseAllDocuments(file.text)) {
      if (!("toJS" in document) || document.errors.length > 0) continue;
      const found = search(document.toJS({ maxAliasCount: 100 }) as unknown, name);
      if (found) return settings(found);
    }
  }
  return undefined;
}

function search(value: unknown, name: string): JsonMap | undefined {
  if (Array.isArray(value)) {
    for (const one of value) {
      const found = search(one, name);
      if (found) return found;
    }
    return undefined;
  }
  if (!isMap(value)) return undefined;
  if (value.id === name || (value.id === undefined && value.name === name)) return value;
  return search(Object.values(value), name);
}

function settings(node: JsonMap): JsonMap {
  const inner = [node.props, node.data].filter(isMap);
  const kept: JsonMap = {};
  for (const part of [node, ...inner]) {
    for (const [key, value] of Object.entries(part)) if (!FRAME.has(key)) kept[key] = value;
  }
  return kept;
}
