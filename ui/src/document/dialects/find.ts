import type { Clip, Incoming } from "../commands";
import type { FlowNode, Projection } from "../projection";
import { Refusal } from "../text/refusal";

export function nodeOf(projection: Projection, key: string): FlowNode {
  const found = projection.nodes.find((node) => node.key === key);
  if (!found) throw new Refusal("That step is not there any more.");
  return found;
}

/** Tells of a step the innermost loop around it, whatever else it stands in. */
export function loopsAround({ nodes }: Projection): (node: FlowNode) => string | undefined {
  const byKey = new Map(nodes.map((one) => [one.key, one]));
  return (node) => {
    let around = byKey.get(node.parent ?? "");
    while (around && around.type !== "loop") around = byKey.get(around.parent ?? "");
    return around?.key;
  };
}

/** Those of the keys that are there, without those inside another of them. */
export function outermost(projection: Projection, keys: readonly string[]): FlowNode[] {
  const wanted = new Set(keys);
  const byKey = new Map(projection.nodes.map((node) => [node.key, node]));
  const inside = (node: FlowNode): boolean => {
    for (let at = node.parent; at !== undefined; at = byKey.get(at)?.parent) if (wanted.has(at)) return true;
    return false;
  };
  return projection.nodes.filter((node) => wanted.has(node.key) && !inside(node));
}

/** What led to copied nodes. A clipboard may hold anything. */
export function incomingOf({ incoming }: Clip): Incoming[] {
  const whole = (one: Incoming | null) => typeof one?.source === "string" && typeof one.target === "string" && (one.handle === undefined || typeof one.handle === "string");
  return Array.isArray(incoming) ? incoming.filter(whole) : [];
}

/** The text itself, or the text with the lowest number behind it that is free. */
export function free(wanted: string, taken: ReadonlySet<string>): string {
  if (!taken.has(wanted)) return wanted;
  const stem = wanted.replace(/-\d+$/, "");
  for (let number = 2; ; number++) if (!taken.has(`${stem}-${number}`)) return `${stem}-${number}`;
}

/** `Send a mail` or `HttpRequest` as an id. */
export function asId(name: string, otherwise = "step"): string {
  const words = name.replace(/([a-z0-9])([A-Z])/g, "$1-$2").toLowerCase();
  const id = words.normalize("NFKD").replace(/[^a-z0-9_]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 60);
  return id || otherwise;
}

/** A few words of what a node is set to, for its second line. */
export function summaryOf(props: unknown): string {
  if (typeof props !== "object" || props === null || Array.isArray(props)) return "";
  const words = Object.entries(props).map(([key, value]) => `${key}: ${typeof value === "string" ? value : JSON.stringify(value)}`);
  return (words[0] ?? "").replace(/\s+/g, " ").slice(0, 120);
}
