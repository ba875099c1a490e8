import type { Json } from "../text/node";

/** Whether a text is an export of n8n: nodes with types of its packages, joined by names. */
export function isN8n(value: unknown): value is { nodes: Json[]; connections?: Json; name?: Json } {
  if (typeof value !== "object" || value === null || !("nodes" in value) || !Array.isArray(value.nodes)) return false;
  const types = value.nodes.map((node: unknown) => (typeof node === "object" && node !== null && "type" in node ? node.type : undefined));
  return types.some((type) => typeof type === "string" && /^(@n8n\/)?n8n-nodes-|^@n8n\//.test(type));
}
