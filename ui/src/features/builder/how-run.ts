import { type FlowNode, isMap, type JsonMap, type Path, type Projection } from "@/document";
import { CONTROL } from "@/document/dialects/graph/types";
import type { FieldRecord, KindLine, KindRecord } from "@/features/catalogue/data";

const TIMEOUT: FieldRecord = { type: "string", description: "How long one attempt may take, such as 30s or 5m." };
const ON_ERROR: FieldRecord = { type: "string", values: ["fail", "continue"], default: "fail", description: "Whether the run goes on with null where it fails and has no edge for that." };
const ON_UNKNOWN: FieldRecord = { type: "string", values: ["retry", "ask", "fail"], description: "What is done where nobody knows whether it has happened, as after a crash." };
const OUTPUT_KEY: FieldRecord = { type: "string", description: "A variable that takes its output." };
const JOIN: FieldRecord = { type: "string", values: ["all", "any"], default: "all", description: "Whether it waits for all that leads to it, or for the first." };
const CANCEL_REST: FieldRecord = { type: "boolean", description: "With any: cancels what is still on its way." };

const RETRY: Record<string, FieldRecord> = {
  strategy: { type: "string", values: ["none", "fail-after-x", "exponential-backoff", "keep-trying"], default: "exponential-backoff", description: "How it is tried again." },
  maxAttempts: { type: "integer", description: "All attempts, the first included." },
  initialInterval: { type: "string", description: "The pause before the second attempt, such as 500ms." },
  maxInterval: { type: "string", description: "The longest pause." },
  backoffCoefficient: { type: "number", description: "By how much each pause is longer than the one before." },
  jitter: { type: "number", description: "A share of each pause that is left to chance, from 0 to 1." },
  retryOn: { type: "array", description: 'Codes or categories of errors, as a list: ["TIMEOUT"]. Without it, all that may pass.' },
};

/** Time limit, retries and failures of a step, beside what it is to do. All names are spelled as the text has them. */
export interface HowRun {
  fields: Record<string, FieldRecord>;
  values: JsonMap;
  path: Path;
  /** What the retry policy is called there, and its fields; nothing where there is none. */
  retry?: { name: string; fields: Record<string, FieldRecord> } | undefined;
  /** What is taken out with a setting, as it is an error where that is not `any`. */
  onlyWithAny?: { join: string; cancelRest: string };
}

/** The kind whose record describes a step's parameters; none where it is not, or no longer, among those there are. */
export function kindOf({ kind, type }: FlowNode, { dialect }: Projection, kinds: readonly KindLine[]): string | undefined {
  if (dialect !== "graph") return kinds.find(({ name, tree }) => (kind === undefined ? tree === type || name === type : name === kind))?.name;
  if (kind === undefined && CONTROL.has(type)) return undefined;
  const wanted = (kind ?? type).toLowerCase();
  return kinds.find(({ name, aliases = [] }) => [name, ...aliases].some((one) => one.toLowerCase() === wanted))?.name;
}

/** What can be said of how a step is run, where that would do something. */
export function howRun(node: FlowNode, projection: Projection, record: KindRecord | undefined): HowRun | undefined {
  if (projection.dialect === "tree") return record ? ofTree(node, record) : undefined;
  return projection.dialect === "graph" ? ofGraph(node, projection, record) : undefined;
}

function ofGraph(node: FlowNode, { edges }: Projection, record: KindRecord | undefined): HowRun | undefined {
  const values = node.data ?? {};
  const task = !CONTROL.has(node.type) && (node.type === "activity" || node.kind !== undefined || record !== undefined);
  const outside = task && !isOfEngine(record);
  const called = node.type === "agent" || node.type === "child-workflow";
  // What is no task may say it among its parameters; there it is shown, and set, as one of them.
  const parameters = !task && isMap(node.props) ? node.props : {};
  const [join, cancelRest] = [spelled(values, "join"), spelled(values, "cancelRest")];
  const joins = node.type !== "loop" && edges.filter(({ target }) => target === node.key).length > 1;
  const offered: Record<string, FieldRecord> = {
    ...(outside || called ? { timeout: TIMEOUT } : {}),
    ...(node.handles.includes("error") ? { onError: ON_ERROR } : {}),
    ...(outside ? { onUnknown: ON_UNKNOWN } : {}),
    ...(task || called ? { outputKey: OUTPUT_KEY } : {}),
    ...(joins || join in values ? { join: JOIN } : {}),
    ...((values[join] ?? parameters.join) === "any" || cancelRest in values ? { cancelRest: CANCEL_REST } : {}),
  };
  const shown = Object.entries(offered).filter(([name]) => spelled(values, name) in values || !(spelled(parameters, name) in parameters));
  const retry = outside || called ? policyOf(values, spelled(values, "retryPolicy"), OTHERWISE) : undefined;
  if (shown.length === 0 && !retry) return undefined;
  const fields = Object.fromEntries(shown.map(([name, field]) => [spelled(values, name), field]));
  return { fields, values, path: ["data"], retry, ...(cancelRest in values ? { onlyWithAny: { join, cancelRest } } : {}) };
}

/** A kind's own parameters come before what is said of how it is run. */
function ofTree(node: FlowNode, record: KindRecord): HowRun | undefined {
  const { input_schema: own = {}, component } = record;
  const computes = component.name === "set" || component.name === "transform";
  const task = !isOfEngine(record);
  const offered: Record<string, FieldRecord> = task ? { timeout: TIMEOUT, outputKey: OUTPUT_KEY, onUnknown: ON_UNKNOWN } : computes ? { outputKey: OUTPUT_KEY } : {};
  const fields = Object.fromEntries(Object.entries(offered).filter(([name]) => !(name in own)));
  const values = isMap(node.props) ? node.props : {};
  const policies = task ? ["retryPolicy", "retry"].filter((name) => !(name in own)) : [];
  // Of two, the last one counts.
  const policy = policies.findLast((name) => name in values) ?? policies.at(-1);
  if (Object.keys(fields).length === 0 && policy === undefined) return undefined;
  return { fields, values, path: ["props"], retry: policy === undefined ? undefined : policyOf(values, policy) };
}

/** Whether the engine performs it itself: at once, and without attempts. */
const isOfEngine = (record: KindRecord | undefined): boolean => record?.component.implementation === "engine";

/** Other names that graphs have for parts of a policy, after those in either spelling. */
const OTHERWISE: Record<string, string[]> = { maxAttempts: ["maximumAttempts"], maxInterval: ["maximumInterval"], backoffCoefficient: ["multiplier"] };

function policyOf(values: JsonMap, name: string, otherwise?: Record<string, string[]>): HowRun["retry"] {
  const policy = values[name];
  const given = isMap(policy) ? policy : {};
  const named = (field: string) => (otherwise ? spelled(given, field, otherwise[field]) : field);
  return { name, fields: Object.fromEntries(Object.entries(RETRY).map(([field, record]) => [named(field), record])) };
}

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** A name as it is written there; as it usually is where it is not there. */
const spelled = (given: JsonMap, name: string, otherwise: string[] = []): string => [name, ...otherwise].flatMap((one) => [one, snake(one)]).find((one) => one in given) ?? name;

/** Names that stand among a step's parameters and are shown here. */
export const namesOf = (how: HowRun | undefined): string[] => (how ? [...Object.keys(how.fields), ...(how.retry ? [how.retry.name] : [])] : []);
