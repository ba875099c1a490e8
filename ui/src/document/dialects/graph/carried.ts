import type { FlowNode, Projection } from "../../projection";
import type { Boundary } from "./boundary";
import { isMap, type Json, type JsonMap } from "../../text/node";
import { Refusal } from "../../text/refusal";
import { loopsAround } from "../find";
import { inExpressions, type Reading, readings } from "./expressions";

/** What a flow of its own has to be given so that its expressions mean what they meant. */
export interface Carried {
  /** Parts of the input, as expressions of the flow that calls; nothing where what flows in is all. */
  input: JsonMap | undefined;
  /** An expression of a step as it is written in the new flow. */
  rewrite: (source: string) => string;
  /** Variables that only these steps use. */
  variables: string[];
}

type Values = ReadonlyMap<string, Json>;

/** Roots that are another thing in another run; the rest of what there is means the same. */
const OF_THE_RUN = ["input", "run", "item", "index"];

interface Found {
  roots: Set<string>;
  nodes: Set<string>;
  variables: Set<string>;
}

/**
 * What selected steps read of the rest. `kept` is the step whose output is still read by its id, `values` the steps as
 * they are written, by key, and `declared` the variables of the flow. Refuses what another run cannot be given.
 */
export function carriedOf(projection: Projection, { inside, into }: Boundary, kept: string | undefined, values: Values, declared: readonly string[]): Carried {
  const own = new Set(inside.map((node) => node.key));
  const rest = projection.nodes.filter((node) => !own.has(node.key));
  const written = new Map(projection.nodes.map((node) => [node.key, writtenBy(node, values.get(node.key))]));
  const names = new Set([...declared, ...[...written.values()].flat()]);
  const ids = new Set(projection.nodes.map((node) => node.key));
  const loopOf = loopsAround(projection);
  const looped = inside.some((node) => !own.has(loopOf(node) ?? node.key));
  staysReadable(rest, own, kept, values);
  const used = variablesOf(inside, values, names, written);
  const elsewhere = variablesOf(rest, values, names, written);
  for (const name of used.written) {
    if (elsewhere.read.has(name) || elsewhere.written.has(name)) throw new Refusal(`The variable ${name} is written by these steps and used by others. A sub-flow has variables of its own; select all that use it, or give ${name} on as output.`);
    if (looped && used.read.has(name)) throw new Refusal(`The variable ${name} is kept from one round of the loop to the next. A sub-flow begins anew each time; select the loop as well.`);
  }
  const variables = new Set([...used.read].filter((name) => !used.written.has(name)));
  const caught = new Set(into.filter((edge) => edge.ways?.[0] === "error").map((edge) => edge.target));
  for (const node of inside) if (caught.has(node.key)) readsNoError(node, values.get(node.key));
  const found = outsideOf(inside, own, ids, values, variables, looped);
  return { input: inputOf(found), rewrite: (source) => rewritten(source, own, variables, looped), variables: [...used.written].sort() };
}

/** Names of variables a step writes, in each way a step can say so. */
function writtenBy(node: FlowNode, value: Json | undefined): string[] {
  const data = isMap(value) && isMap(value.data) ? value.data : {};
  const config = isMap(data.config) ? data.config : {};
  const text = (...keys: string[]) => keys.map((key) => config[key] ?? data[key]).filter((found) => typeof found === "string").slice(0, 1);
  const assigned = [data.assign, config.assign].filter(isMap).flatMap((map) => Object.keys(map));
  const names = [...assigned, ...text("outputKey")];
  if (node.type === "state-variable") names.push(...(text("name", "variableName", "variable", "key").length > 0 ? text("name", "variableName", "variable", "key") : [node.title]));
  if (node.type === "set" && !isMap(config.assign)) names.push(...Object.keys(config));
  if (node.type === "loop") names.push(...text("itemVariable", "itemVar"), ...text("indexVariable", "indexVar"));
  if (node.kind === "set" || node.kind === "counter") names.push(...text("name", "counterKey"));
  if (node.kind === "script") names.push(...scriptWrites(config));
  return names;
}

const scriptWrites = (config: JsonMap): string[] => [...String(config.textContent ?? "").matchAll(/([A-Za-z_$][\w$]*)\s*(?:[-+*/%]|\*\*)?=(?![=>])/g)].map((match) => match[1] ?? "");

interface Variables {
  read: Set<string>;
  written: Set<string>;
}

function variablesOf(nodes: readonly FlowNode[], values: Values, names: ReadonlySet<string>, written: ReadonlyMap<string, string[]>): Variables {
  const found: Variables = { read: new Set(), written: new Set(nodes.flatMap((node) => written.get(node.key) ?? [])) };
  for (const node of nodes) {
    for (const { root, member } of read(node, values.get(node.key))) {
      if (root === "vars" && member === undefined) throw new Refusal(`${node.title} reads variables by names that are only known while it runs. Name them as vars.name first.`);
      const name = root === "vars" ? (member ?? "") : root;
      if (root === "vars" || names.has(name)) found.read.add(name);
    }
    if (node.kind === "state-variable" || node.type === "state-variable") for (const name of written.get(node.key) ?? []) found.read.add(name);
    if (node.kind === "counter") for (const name of written.get(node.key) ?? []) found.read.add(name);
  }
  return found;
}

/** What a step reads in its expressions; a script is one expression after another. */
function read(node: FlowNode, value: Json | undefined): Reading[] {
  const found: Reading[] = [];
  const look = (source: string): string => {
    found.push(...readings(source));
    return source;
  };
  const data = isMap(value) ? value.data : undefined;
  inExpressions(data ?? null, look);
  const config = isMap(data) && isMap(data.config) ? data.config : {};
  if (node.kind === "script" && typeof config.textContent === "string") look(config.textContent);
  return found;
}

/** What other steps read by id must still be there afterwards. */
function staysReadable(rest: readonly FlowNode[], own: ReadonlySet<string>, kept: string | undefined, values: Values): void {
  for (const node of rest) {
    for (const { root, member } of read(node, values.get(node.key))) {
      const id = root === "nodes" ? member : own.has(root) ? root : undefined;
      if (root === "nodes" && member === undefined) throw new Refusal(`${node.title} reads steps by ids that are only known while it runs. Name them as nodes.id first.`);
      if (id !== undefined && own.has(id) && id !== kept) throw new Refusal(`${node.title} reads what ${id} gives, and that would not come out of the sub-flow. Select ${node.title} as well, or let it read what flows in.`);
    }
  }
}

function outsideOf(inside: readonly FlowNode[], own: ReadonlySet<string>, ids: ReadonlySet<string>, values: Values, variables: ReadonlySet<string>, looped: boolean): Found {
  const found: Found = { roots: new Set(), nodes: new Set(), variables: new Set() };
  for (const node of inside) {
    for (const { root, member } of read(node, values.get(node.key))) {
      const id = root === "nodes" ? member : ids.has(root) ? root : undefined;
      if (root === "nodes" && member === undefined) throw new Refusal(`${node.title} reads steps by ids that are only known while it runs. Name them as nodes.id first.`);
      if (id !== undefined && ids.has(id) && !own.has(id)) {
        if (root !== "nodes") throw new Refusal(`${node.title} reads ${root} by its bare name. Write nodes.${root}.output there first.`);
        found.nodes.add(id);
      }
      if (node.kind === "script" && (OF_THE_RUN.includes(root) || variables.has(root))) throw new Refusal(`The script ${node.title} reads ${root} of this run, which cannot be carried over. Let it read data instead.`);
      if (isOutside(root, looped)) found.roots.add(root);
      if (variables.has(root)) found.variables.add(root);
      if (root === "vars" && variables.has(member ?? "")) found.variables.add(member ?? "");
    }
  }
  return found;
}

function readsNoError(node: FlowNode, value: Json | undefined): void {
  if (read(node, value).some(({ root }) => root === "error")) throw new Refusal(`${node.title} reads the error of a step that is not selected. It flows in as data as well; read data.message there.`);
}

/** `item` and `index` of a loop that comes along stay its own. */
const isOutside = (root: string, looped: boolean): boolean => OF_THE_RUN.includes(root) && (looped || !["item", "index"].includes(root));

const member = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`);

function inputOf({ roots, nodes, variables }: Found): JsonMap | undefined {
  if (roots.size + nodes.size + variables.size === 0) return undefined;
  const whole: Record<string, Json> = { run: { id: "{{ run.id }}", startedAt: "{{ run.startedAt }}" } };
  const input: JsonMap = { data: "{{ data }}" };
  for (const root of OF_THE_RUN) if (roots.has(root)) input[root] = whole[root] ?? `{{ ${root} }}`;
  if (nodes.size > 0) input.nodes = Object.fromEntries([...nodes].sort().map((id) => [id, { output: `{{ nodes${member(id)}.output }}` }]));
  if (variables.size > 0) input.vars = Object.fromEntries([...variables].sort().map((name) => [name, `{{ vars${member(name)} }}`]));
  return input;
}

/** Everything of the run that called now stands below `input`, under the name it had. */
function rewritten(source: string, own: ReadonlySet<string>, variables: ReadonlySet<string>, looped: boolean): string {
  let [text, done] = ["", 0];
  for (const { root, member: first, at, short } of readings(source)) {
    const moved = isOutside(root, looped) || (root === "nodes" && first !== undefined && !own.has(first)) || (root === "vars" && variables.has(first ?? ""));
    const bare = variables.has(root);
    if (!moved && !bare) continue;
    text += `${source.slice(done, at)}${short ? `${root}: ` : ""}input.${bare ? `vars.${root}` : root}`;
    done = at + root.length;
  }
  return text + source.slice(done);
}
