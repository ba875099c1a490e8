import { isMap, type Json, type JsonMap } from "../text/node";

/** A step of n8n as a node of a graph. */
export interface Made {
  type: string;
  kind?: string;
  config?: JsonMap;
  /** In the order in which n8n counts its outputs. */
  handles: readonly string[];
  /** Something stands for it that does not do what it did. */
  placeholder?: boolean;
  /** What of its settings did not come along. */
  lost?: string;
}

type Maker = (given: JsonMap, name: string) => Made;

const OUT = ["out"] as const;

/** By the last part of n8n's type. What is not here becomes a placeholder with the same edges. */
const MAKERS: Record<string, Maker> = {
  httpRequest: request,
  if: (given) => choice(given),
  filter: (given) => choice(given),
  set: fields,
  noOp: () => ({ type: "phase", handles: OUT }),
  merge: () => ({ type: "phase", handles: OUT, lost: "how it joins; here whoever has several edges in waits for all, and gets an object by their ids" }),
  wait: pause,
  splitInBatches: () => ({ type: "loop", config: { items: "{{ data }}" }, handles: ["done", "body"] }),
  stopAndError: (given) => ({ type: "fail", config: { code: "FAILED", message: given.errorMessage ?? "" }, handles: [] }),
  executeWorkflow: called,
  respondToWebhook: (given) => ({ type: "return", config: given.responseBody === undefined ? { value: "{{ data }}" } : { value: given.responseBody }, handles: [] }),
};

export function stepOf(type: string, parameters: JsonMap, name: string): Made {
  const short = type.replace(/^.*\./, "");
  const own = MAKERS[short];
  if (own && type.startsWith("n8n-nodes-base.")) return own(parameters, name);
  if (/trigger$/i.test(short) || ["start", "webhook", "cron", "interval"].includes(short)) return start(short);
  return { type: "activity", kind: "mock", config: { output: {} }, handles: OUT, placeholder: true };
}

function start(short: string): Made {
  const byHand = ["start", "manualTrigger", "executeWorkflowTrigger"].includes(short);
  return { type: "trigger", handles: OUT, ...(byHand ? {} : { lost: `what starts it (${short}); set a trigger of this flow` }) };
}

function pairs(given: Json | undefined): JsonMap | undefined {
  const list = isMap(given) ? given.parameters : undefined;
  if (!Array.isArray(list)) return undefined;
  const found = list.filter(isMap).map((one): [string, Json] => [String(one.name ?? ""), one.value ?? ""]);
  return found.length > 0 ? Object.fromEntries(found) : undefined;
}

function request(given: JsonMap): Made {
  const config: JsonMap = { url: given.url ?? "" };
  if (typeof given.method === "string" && given.method !== "GET") config.method = given.method;
  const [headers, query] = [pairs(given.headerParameters), pairs(given.queryParameters)];
  if (headers) config.headers = headers;
  if (query) config.query = query;
  const written = given.jsonBody ?? pairs(given.bodyParameters) ?? given.body;
  if (given.sendBody === true && written !== undefined) config.body = typeof written === "string" ? parsed(written) : written;
  const options = isMap(given.options) ? Object.keys(given.options) : [];
  return { type: "activity", kind: "http.request", config, handles: OUT, ...(options.length > 0 ? { lost: `its options ${options.join(", ")}` } : {}) };
}

/** JSON that was written as text; with expressions in it, it stays a template. */
function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

/** Fields that are set become one object; both forms in which n8n writes them are read. */
function fields(given: JsonMap): Made {
  const assigned = isMap(given.assignments) && Array.isArray(given.assignments.assignments) ? given.assignments.assignments.filter(isMap) : [];
  const older = isMap(given.values) ? Object.values(given.values).flatMap((list) => (Array.isArray(list) ? list.filter(isMap) : [])) : [];
  const value = Object.fromEntries([...assigned, ...older].map((one): [string, Json] => [String(one.name ?? ""), one.value ?? null]));
  return { type: "activity", kind: "transform", config: { value }, handles: OUT };
}

function pause(given: JsonMap): Made {
  const units: Record<string, string> = { seconds: "s", minutes: "m", hours: "h", days: "d" };
  const unit = units[String(given.unit ?? "seconds")];
  if (given.resume !== undefined && given.resume !== "timeInterval") return { type: "signal", config: { signalName: "resume" }, handles: OUT, lost: `how it goes on (${String(given.resume)}); here it waits for the signal \`resume\`` };
  return { type: "wait", config: { duration: `${Number(given.amount) || 1}${unit ?? "s"}` }, handles: OUT };
}

function called(given: JsonMap): Made {
  const id = isMap(given.workflowId) ? (given.workflowId.cachedResultName ?? given.workflowId.value) : given.workflowId;
  return { type: "child-workflow", config: { workflowType: typeof id === "string" ? id : "" }, handles: OUT, lost: "which flow it calls; choose it here" };
}

const COMPARISONS: Record<string, string> = { equals: "===", equal: "===", notEquals: "!==", notEqual: "!==", gt: ">", larger: ">", gte: ">=", largerEqual: ">=", lt: "<", smaller: "<", lte: "<=", smallerEqual: "<=" };

/** Conditions that can be written as one expression are; else it says `false` until somebody writes it. */
function choice(given: JsonMap): Made {
  const conditions = isMap(given.conditions) ? given.conditions : {};
  const list = Array.isArray(conditions.conditions) ? conditions.conditions.filter(isMap) : [];
  const terms = list.map(term);
  const joined = conditions.combinator === "or" ? " || " : " && ";
  if (terms.length > 0 && terms.every((one) => one !== undefined)) return { type: "conditional", config: { expression: terms.join(joined) }, handles: ["true", "false"] };
  return { type: "conditional", config: { expression: "false" }, handles: ["true", "false"], placeholder: true, lost: "its conditions; it is never true until you write them" };
}

function term(one: JsonMap): string | undefined {
  const operation = isMap(one.operator) ? String(one.operator.operation) : "";
  const left = operand(one.leftValue);
  if (operation === "exists" || operation === "notExists") return `${left} ${operation === "exists" ? "!=" : "=="} null`;
  if (operation === "true" || operation === "false") return `${left} === ${operation}`;
  const sign = COMPARISONS[operation];
  return sign && `${left} ${sign} ${operand(one.rightValue)}`;
}

function operand(value: Json | undefined): string {
  const only = typeof value === "string" ? /^\s*\{\{([\s\S]*)\}\}\s*$/.exec(value)?.[1] : undefined;
  return only === undefined || only.includes("{{") ? JSON.stringify(value ?? null) : `(${only.trim()})`;
}
