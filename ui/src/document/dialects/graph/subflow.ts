import type { Projection } from "../../projection";
import { at, get, isMap, items, type Json, type JsonMap, type Path, text, toJson } from "../../text/node";
import type { Patch } from "../../text/patch";
import { Refusal } from "../../text/refusal";
import type { Done } from "../dialect";
import { asId, free } from "../find";
import { type Boundary, boundaryOf } from "./boundary";
import { carriedOf } from "./carried";
import { inExpressions } from "./expressions";
import { bodyPath } from "./project";

/** What is needed to take steps out: where they end, the new flow, and the call in their place. */
interface Plan {
  boundary: Boundary;
  flow: JsonMap;
  call: JsonMap;
}

/** A flow of its own made of selected steps. Refuses where a call could not stand in their place. */
export const flowOf = (patch: Patch, projection: Projection, keys: readonly string[], name: string): JsonMap => planOf(patch, projection, keys, name).flow;

/** Puts a call of the flow `name` where selected steps were. The edges into them and out of them stay. */
export function extract(patch: Patch, projection: Projection, keys: readonly string[], name: string): Done {
  const { boundary, call } = planOf(patch, projection, keys, name);
  const path = bodyPath(patch.docs[0]) ?? [];
  const id = String(call.id);
  // Places behind do not move while what is before them stays, so it is done from the last to the first.
  const edges = edgesAround(boundary, id);
  for (const [edge, changed] of edges.reverse()) {
    if (changed === undefined) patch.remove(0, edge);
    else for (const [key, value] of Object.entries(changed)) setOrRemove(patch, [...edge, key], value);
  }
  const places = boundary.inside.map((node) => Number(node.path.at(-1))).sort((a, b) => b - a);
  for (const place of places) patch.remove(0, [...path, "nodes", place]);
  patch.insert(0, [...path, "nodes"], places.at(-1) ?? 0, { value: call });
  return { added: [id] };
}

function setOrRemove(patch: Patch, path: Path, value: Json | undefined): void {
  if (value !== undefined) patch.set(0, path, value);
  else if (patch.node(0, path)) patch.remove(0, path);
}

/** Each edge that is touched, in the order of the text, with what changes of it; nothing where it goes. */
function edgesAround({ within, into, out }: Boundary, id: string): [Path, { [key: string]: Json | undefined } | undefined][] {
  const seen = new Set<string>();
  const changed = out.map((edge): [Path, { [key: string]: Json | undefined } | undefined] => {
    const again = seen.has(edge.target);
    seen.add(edge.target);
    return [edge.path, again ? undefined : { source: id, sourceHandle: undefined, source_handle: undefined }];
  });
  const all = [...changed, ...into.map((edge) => [edge.path, { target: id }] as [Path, { target: string }]), ...within.map((edge) => [edge.path, undefined] as [Path, undefined])];
  return all.sort(([a], [b]) => Number(a.at(-1)) - Number(b.at(-1)));
}

function planOf(patch: Patch, projection: Projection, keys: readonly string[], name: string): Plan {
  const boundary = boundaryOf(projection, keys);
  const flowName = flowNameOf(name);
  const { inside, exits } = boundary;
  // Whatever reads the last step by its id goes on doing so: the call has its output, and its id.
  const kept = exits.length === 1 ? exits[0]?.id : undefined;
  const own = new Set(inside.map((node) => node.key));
  const id = kept ?? free(flowName, new Set(projection.nodes.filter((node) => !own.has(node.key)).map((node) => node.id)));
  const values = new Map(projection.nodes.map((node) => [node.key, toJson(at(patch.docs[0], node.path))]));
  const declared = variablesOf(patch);
  const carried = carriedOf(projection, boundary, kept, values, declared.map(nameOf));
  const variables = declared.filter((one) => carried.variables.includes(nameOf(one)));
  const steps = inside.map((node) => changed(values.get(node.key), carried.rewrite));
  const flow = written(patch, projection, boundary, { name: flowName, steps, variables, carries: carried.input !== undefined });
  return { boundary, flow, call: callOf(boundary, id, name.trim(), flowName, carried.input, values.get(boundary.entry.key)) };
}

/** A name by which flows call one another begins with a letter. */
function flowNameOf(title: string): string {
  const name = asId(title, "part").replaceAll("_", "-").replace(/^-+|-+$/g, "") || "part";
  return /^[a-z]/.test(name) ? name : `flow-${name}`.slice(0, 60);
}

const nameOf = (variable: Json): string => (isMap(variable) ? String(variable.name ?? "") : "");

function variablesOf(patch: Patch): Json[] {
  const body = at(patch.docs[0], bodyPath(patch.docs[0]) ?? []);
  return items(get(body, "variables") ?? get(patch.docs[0], "variables")).map((one) => toJson(one));
}

const changed = (value: Json | undefined, rewrite: (source: string) => string): Json => (isMap(value) && value.data !== undefined ? { ...value, data: inExpressions(value.data, rewrite) } : (value ?? null));

function callOf({ entry, into }: Boundary, id: string, title: string, flow: string, input: JsonMap | undefined, value: Json | undefined): JsonMap {
  const config: JsonMap = { workflowType: flow, executionType: "executeChild" };
  if (input) config.inputMapping = input;
  const before = isMap(value) && isMap(value.data) && isMap(value.data.config) ? value.data.config : {};
  // Which of several edges it waits for is now the call's to say.
  if (into.length > 1) for (const key of ["join", "cancelRest"]) if (before[key] !== undefined) config[key] = before[key];
  const { x, y } = entry.position ?? { x: 0, y: 0 };
  return { id, type: "child-workflow", position: { x: Math.round(x), y: Math.round(y) }, data: { label: title, config } };
}

interface Parts {
  name: string;
  steps: Json[];
  variables: Json[];
  /** Whether its input holds more than what flows in. */
  carries: boolean;
}

/** Settings that are about the run as a whole, and stay with the flow that calls. */
const OF_THE_WHOLE = new Set(["description", "version", "deadline", "runTimeout", "run_timeout", "concurrency", "_longRunning", "_long_running", "_workflowType", "_workflow_type"]);

const STEP = 240;

function written(patch: Patch, projection: Projection, { inside, entry, within, exits }: Boundary, { name, steps, variables, carries }: Parts): JsonMap {
  const used = new Set(inside.map((node) => node.id));
  const [start, end, given] = ["start", "end", "given"].map((wanted) => {
    const id = free(wanted, used);
    used.add(id);
    return id;
  }) as [string, string, string];
  const corner = { x: Math.min(...inside.map((node) => node.position?.x ?? 0)), y: entry.position?.y ?? 0 };
  const right = Math.max(...inside.map((node) => node.position?.x ?? 0)) - corner.x + STEP * 2;
  const before: Json[] = [{ id: start, type: "trigger", position: { x: carries ? -STEP : 0, y: 0 }, data: { label: "Start" } }];
  if (carries) before.push({ id: given, type: "activity", position: { x: 0, y: 0 }, data: { label: "What flows in", activityName: "transform", config: { value: "{{ input.data }}" } } });
  const moved = steps.map((step) => movedBy(step, { x: STEP - corner.x, y: -corner.y }));
  const edges: JsonMap[] = carries ? [{ id: `${start}-${given}`, source: start, target: given }] : [];
  edges.push({ id: `${carries ? given : start}-${entry.id}`, source: carries ? given : start, target: entry.id });
  for (const edge of within) edges.push(toJson(patch.node(0, edge.path)) as JsonMap);
  const flow: JsonMap = { name, nodes: [...before, ...moved, { id: end, type: "end", position: { x: right, y: 0 }, data: { label: "End" } }], edges };
  for (const exit of exits) edges.push(...lastEdges(patch, projection, exit.key, end, inside.map((node) => node.key)));
  if (variables.length > 0) flow.variables = variables;
  const settings = settingsOf(patch);
  if (Object.keys(settings).length > 0) flow.settings = settings;
  return flow;
}

/** A step leaves for the end as it left for what followed it, by the same handle. */
function lastEdges(patch: Patch, projection: Projection, exit: string, end: string, inside: readonly string[]): JsonMap[] {
  const own = projection.edges.filter((edge) => edge.source === exit && !inside.includes(edge.target));
  const handles = new Set(own.map((edge) => text(get(patch.node(0, edge.path), "sourceHandle")) ?? text(get(patch.node(0, edge.path), "source_handle"))));
  if (handles.size === 0) handles.add(undefined);
  return [...handles].map((handle) => ({ id: [exit, handle, end].filter(Boolean).join("-"), source: exit, target: end, ...(handle === undefined ? {} : { sourceHandle: handle }) }));
}

function movedBy(step: Json, by: { x: number; y: number }): Json {
  if (!isMap(step)) throw new Refusal("A selected step is not written as a map. Correct it in the text.");
  const position = isMap(step.position) ? step.position : {};
  return { ...step, position: { x: Math.round((Number(position.x) || 0) + by.x), y: Math.round((Number(position.y) || 0) + by.y) } };
}

function settingsOf(patch: Patch): JsonMap {
  const body = at(patch.docs[0], bodyPath(patch.docs[0]) ?? []);
  const settings = toJson(get(body, "settings") ?? get(patch.docs[0], "settings"));
  return isMap(settings) ? Object.fromEntries(Object.entries(settings).filter(([key]) => !OF_THE_WHOLE.has(key))) : {};
}
