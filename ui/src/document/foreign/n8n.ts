import type { Clip, Note } from "../commands";
import { asId, free } from "../dialects/find";
import { NEVER_DISABLED } from "../dialects/graph/commands";
import { isMap, type Json, type JsonMap } from "../text/node";
import { expressionsOf, type Reading } from "./n8n-expressions";
import { type Made, stepOf } from "./n8n-steps";

/** What an export of n8n became here, and what of it did not come along, in words for whoever gave it. */
export interface Taken {
  name: string;
  clip: Clip;
  notes: Note[];
  /** How many steps are what they were. */
  whole: number;
  /** Steps for which something else stands until somebody sets them. */
  placeholders: string[];
  /** What is not there any more, with its place. */
  lost: string[];
}

/** An export of n8n as steps of a graph. Nothing is asked of n8n, and secrets are not among what it exports. */
export function fromN8n(given: { nodes: Json[]; connections?: Json; name?: Json }): Taken {
  const nodes = given.nodes.filter(isMap);
  const ids = idsOf(nodes);
  const reading: Reading = { ids, odd: [] };
  const taken: Taken = { name: typeof given.name === "string" ? given.name : "", clip: { weir: 1, dialect: "graph", nodes: [], edges: [] }, notes: [], whole: 0, placeholders: [], lost: [] };
  const made = new Map<string, Made>();
  const start = nodes.find((node) => isStart(node) && node.disabled !== true) ?? nodes.find(isStart);
  for (const node of nodes) {
    if (!isStart(node) || node === start) place(node, taken, made, reading);
    else taken.lost.push(`${nameOf(node)}: ${node.disabled === true ? "it was disabled in n8n, and " : ""}a graph has one start, and has it already`);
  }
  taken.clip.edges = edgesOf(given.connections, ids, made, taken.lost);
  taken.lost.push(...reading.odd);
  end(taken.clip, made, ids);
  return taken;
}

/** What n8n just lets end leads to an end here, so that the last output is that of the run. */
function end(clip: Clip, made: ReadonlyMap<string, Made>, ids: ReadonlyMap<string, string>): void {
  const left = new Set(clip.edges.map((edge) => (isMap(edge) ? edge.source : undefined)));
  const last = [...made].flatMap(([name, { handles }]) => (handles.includes("out") && !left.has(ids.get(name) ?? "") ? [ids.get(name) ?? ""] : []));
  if (last.length === 0) return;
  const places = clip.nodes.map((node) => (isMap(node) && isMap(node.position) ? node.position : {}));
  const id = free("end", new Set(ids.values()));
  clip.nodes.push({ id, type: "end", position: { x: Math.max(...places.map(({ x }) => Number(x) || 0)) + 240, y: Number(places[0]?.y) || 0 }, data: { label: "End" } });
  clip.edges.push(...last.map((source) => ({ id: `${source}-${id}`, source, target: id })));
}

const isStart = (node: JsonMap): boolean => stepOf(String(node.type), {}, "").type === "trigger";

const nameOf = (node: JsonMap): string => String(node.name ?? node.id ?? node.type ?? "step");

function idsOf(nodes: readonly JsonMap[]): Map<string, string> {
  const [ids, used] = [new Map<string, string>(), new Set<string>()];
  for (const node of nodes) {
    const id = free(asId(nameOf(node)), used);
    used.add(id);
    ids.set(nameOf(node), id);
  }
  return ids;
}

function place(node: JsonMap, taken: Taken, made: Map<string, Made>, reading: Reading): void {
  const [x, y] = Array.isArray(node.position) ? node.position.map(Number) : [0, 0];
  const at = { x: Math.round(x || 0), y: Math.round(y || 0) };
  const parameters = isMap(node.parameters) ? node.parameters : {};
  const name = nameOf(node);
  if (String(node.type).endsWith(".stickyNote")) {
    taken.notes.push({ ...at, width: Number(parameters.width) || 220, height: Number(parameters.height) || 110, text: String(parameters.content ?? ""), color: "yellow" });
    return;
  }
  const step = stepOf(String(node.type), (expressionsOf(parameters, name, reading) ?? {}) as JsonMap, name);
  made.set(name, step);
  if (step.placeholder) taken.placeholders.push(`${name} (${String(node.type).replace(/^.*\./, "")})`);
  else taken.whole++;
  if (step.lost) taken.lost.push(`${name}: ${step.lost}`);
  const disabled = node.disabled === true;
  if (disabled && NEVER_DISABLED.has(step.type)) taken.lost.push(`${name}: it was disabled in n8n, and runs here: what starts, splits or ends a run cannot be disabled`);
  if (isMap(node.credentials)) taken.lost.push(`${name}: credentials ${Object.keys(node.credentials).join(", ")}; name a secret in its settings`);
  const off = disabled && !NEVER_DISABLED.has(step.type) ? { disabled } : {};
  const data: JsonMap = { label: name, ...off, ...(step.kind ? { activityName: step.kind } : {}), ...(step.config ? { config: step.config } : {}) };
  taken.clip.nodes.push({ id: reading.ids.get(name) ?? name, type: step.type, position: at, data });
}

/** `{"From": {"main": [[{"node": "To"}], …]}}`: the place in the list says by which handle an edge leaves. */
function edgesOf(connections: Json | undefined, ids: ReadonlyMap<string, string>, made: ReadonlyMap<string, Made>, lost: string[]): Json[] {
  const edges: Json[] = [];
  for (const [from, kinds] of Object.entries(isMap(connections) ? connections : {})) {
    for (const [sort, outputs] of Object.entries(isMap(kinds) ? kinds : {})) {
      if (sort !== "main") lost.push(`${from}: what it lends another step as ${sort}`);
      else if (Array.isArray(outputs)) outputs.forEach((targets, output) => edges.push(...edgesFrom(from, output, targets, ids, made, lost)));
    }
  }
  return edges;
}

function edgesFrom(from: string, output: number, targets: Json, ids: ReadonlyMap<string, string>, made: ReadonlyMap<string, Made>, lost: string[]): Json[] {
  const source = ids.get(from);
  const step = made.get(from);
  return (Array.isArray(targets) ? targets : []).filter(isMap).flatMap((target): Json[] => {
    const to = String(target.node);
    const end = ids.get(to);
    if (source === undefined || end === undefined || !step || !made.has(to)) {
      lost.push(`the edge from ${from} to ${to}: one of its ends did not come along`);
      return [];
    }
    if (step.handles.length === 0) {
      lost.push(`the edge from ${from} to ${to}: nothing comes after it here`);
      return [];
    }
    const handle = step.handles[output] ?? (output === step.handles.length ? "error" : "out");
    return [{ id: `${source}-${end}-${output}`, source, target: end, ...(handle === "out" ? {} : { sourceHandle: handle }) }];
  });
}
