import type { FlowEdge, FlowNode } from "../../projection";
import { isMap, type Json, type JsonMap } from "../../text/node";
import { owners, type Wire } from "./loops";
import { casesOf, ownHandles, said } from "./types";

/** Handles that drawing tools give to a step's only exit. */
const PLAIN = new Set(["out", "output", "source", "default", "success", "next", "right", "bottom", "a"]);

const isFork = ({ type }: FlowNode): boolean => type === "conditional" || type === "condition";

/**
 * Settles by which handles a run leaves along each edge, as the server does: by what is drawn, by a label, by `truePath`
 * and `falsePath`, and for loops and retries by where an edge leads. Gives for each node the loop or retry around it.
 */
export function settle(nodes: readonly FlowNode[], edges: readonly FlowEdge[]): Map<string, string> {
  const byKey = new Map(nodes.map((node) => [node.key, node]));
  const leaving = new Map<string, FlowEdge[]>(nodes.map(({ key }) => [key, []]));
  for (const edge of edges) leaving.get(edge.source)?.push(edge);
  for (const edge of edges) edge.ways = waysOf(byKey, edge, leaving.get(edge.source) ?? []);
  for (const node of nodes) if (node.type === "approval") loneApproval(leaving.get(node.key) ?? []);
  const found = owners(nodes, [...edges.map(wireOf), ...paths(byKey)]);
  for (const edge of edges) edge.ways = inRegions(byKey, found, edge);
  for (const node of nodes) if (goesOn(node)) afterFailure(leaving.get(node.key) ?? []);
  return found;
}

const wireOf = ({ source, target, ways = [] }: FlowEdge): Wire => ({ source, target, ways });

type Nodes = ReadonlyMap<string, FlowNode>;

/** None where no run goes along it. */
function waysOf(byKey: Nodes, edge: FlowEdge, beside: readonly FlowEdge[]): readonly string[] {
  const [from, to] = [byKey.get(edge.source), byKey.get(edge.target)];
  if (!from || !to || to.type === "trigger" || from.type === "end" || from.type === "return") return [];
  if (isFork(from)) return forkWays(from, to, edge);
  const way = from.type === "retry" ? retryWay(edge, beside) : plainWay(from.type, edge);
  return from.type === "fail" && way === "out" ? [] : [way];
}

/** The handle an edge names by itself, or by a label that is one of those that are known. */
function written({ handle, label }: FlowEdge, known: readonly string[]): string | undefined {
  const find = (text: string) => known.find((one) => one.toLowerCase() === text.toLowerCase());
  const named = handle?.trim();
  if (named) return find(named) ?? named;
  return label?.trim() ? find(label.trim()) : undefined;
}

function plainWay(type: string, edge: FlowEdge): string {
  const known = ownHandles(type);
  const named = written(edge, [...known, "error"]);
  if (named === undefined || (named !== "error" && !known.includes(named) && PLAIN.has(named))) return type === "approval" ? "approved" : "out";
  return named;
}

/** An edge of a retry without a handle is its body where another edge is `done`, else its exit. */
function retryWay(edge: FlowEdge, beside: readonly FlowEdge[]): string {
  const has = (handle: string) => beside.some((one) => written(one, ["body", "done"]) === handle);
  const named = written(edge, ["body", "done", "error"]);
  if (named === "done") return "out";
  if ((named === undefined || named === "out") && has("done") && !has("body")) return "body";
  return named === undefined ? "out" : plainWay("retry", edge);
}

function forkWays(from: FlowNode, to: FlowNode, edge: FlowEdge): readonly string[] {
  const known = casesOf(settings(from));
  const named = written(edge, [...known, "error", "yes", "no"]);
  const spelled: Record<string, string> = { yes: "true", no: "false" };
  const way = named === undefined || known.includes(named) ? named : (spelled[named] ?? named);
  if (way !== undefined && (way === "error" || known.includes(way) || !PLAIN.has(way))) return [way];
  return pathsOf(from).flatMap(([path, target]) => (target === to.id ? [path] : []));
}

/** What a step says of itself: beside its parameters, else among them. */
function settings(node: FlowNode): JsonMap {
  const own = Object.entries(node.data ?? {}).filter(([, value]) => value !== null);
  return { ...(isMap(node.props) ? node.props : {}), ...Object.fromEntries(own) };
}

function pathsOf(node: FlowNode): [way: string, target: Json][] {
  const all = settings(node);
  return (["true", "false"] as const).flatMap((way) => {
    const told = said(all, `${way}Path`);
    return (Array.isArray(told) ? told : [told]).flatMap((target): [string, Json][] => (target === undefined ? [] : [[way, target]]));
  });
}

/** `truePath` and `falsePath` are edges, drawn or not. */
function paths(byKey: Nodes): Wire[] {
  return [...byKey.values()].filter(isFork).flatMap((node) => pathsOf(node).flatMap(([way, target]) => (typeof target === "string" && byKey.has(target) ? [{ source: node.key, target, ways: [way] }] : [])));
}

/** An approval with only one way on fails where it is not given; it is left as any step is. */
function loneApproval(leaving: readonly FlowEdge[]): void {
  if (leaving.some(({ ways }) => ways?.some((way) => way === "rejected" || way === "timeout"))) return;
  for (const edge of leaving) if (edge.ways?.includes("approved")) edge.ways = ["out"];
}

/** What leads into a region is its body, whatever it is called; what leaves a loop is `done`. */
function inRegions(byKey: Nodes, owner: ReadonlyMap<string, string>, { source, target, ways = [] }: FlowEdge): readonly string[] {
  const type = byKey.get(source)?.type;
  if ((type !== "loop" && type !== "retry") || ways.length === 0) return ways;
  if (owner.get(target) === source || (type === "loop" && source === target)) return ["body"];
  return type === "loop" && !ways.includes("error") ? ["done"] : ways;
}

/** Whether a run goes on by the usual handle where the step fails. */
function goesOn(node: FlowNode): boolean {
  // What a task has among its parameters is its own.
  const isTask = node.type === "activity" || node.kind !== undefined;
  return said(isTask ? (node.data ?? {}) : settings(node), "onError") === "continue";
}

function afterFailure(leaving: readonly FlowEdge[]): void {
  if (leaving.some(({ ways }) => ways?.includes("error"))) return;
  for (const edge of leaving) if (edge.ways?.includes("out")) edge.ways = [...edge.ways, "error"];
}
