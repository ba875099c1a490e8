import type { Schemas } from "@/lib/api";

export type Spec = Schemas["SpecBody2"];
export type FlowSpec = Extract<Spec, { type: "flow" }>;
export type VariablesSpec = Extract<Spec, { type: "variables" }>;
export type Rule = Schemas["RuleBody"];
export type Method = Schemas["MethodName"];
export type Auth = Schemas["AuthBody"];

export const METHODS: Method[] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/** What is being entered: texts, as fields have them. */
export interface Draft {
  type: "flow" | "variables";
  flow: string;
  methods: Method[];
  auth: Auth["type"];
  jwksUrl: string;
  issuer: string;
  audience: string;
  claims: string;
  answer: "result" | "atOnce" | "stream";
  deadline: string;
  rate: string;
  callerRate: string;
  largestBody: string;
  request: string;
  query: string;
  response: string;
  service: string;
  read: string;
  write: string;
  allow: Rule[];
}

export const EMPTY: Draft = {
  type: "flow",
  flow: "",
  methods: ["POST"],
  auth: "key",
  jwksUrl: "",
  issuer: "",
  audience: "",
  claims: "",
  answer: "result",
  deadline: "30",
  rate: "",
  callerRate: "",
  largestBody: "",
  request: "",
  query: "",
  response: "",
  service: "",
  read: "",
  write: "",
  allow: [],
};

const KIB = 1_024;

/** An interface that there is, as it is entered. */
export function draftOf(type: string, settings: unknown): Draft {
  if (type === "variables") return ofVariables(settings as Omit<VariablesSpec, "type">);
  const spec = settings as Omit<FlowSpec, "type">;
  const number = (value: number | null | undefined, unit = 1) => (typeof value === "number" ? String(value / unit) : "");
  const schema = (value: unknown) => (value === null || value === undefined ? "" : JSON.stringify(value, null, 2));
  return {
    ...EMPTY,
    ...(spec.auth.type === "jwt" ? { jwksUrl: spec.auth.jwksUrl, issuer: spec.auth.issuer, audience: spec.auth.audience, claims: lines(spec.auth.claims ?? {}) } : {}),
    flow: spec.flow,
    auth: spec.auth.type,
    methods: spec.methods ?? ["POST"],
    answer: spec.answer ?? "result",
    deadline: number(spec.deadline, 1_000),
    rate: number(spec.rate),
    callerRate: number(spec.callerRate),
    largestBody: number(spec.largestBody, KIB),
    request: schema(spec.request),
    query: schema(spec.query),
    response: schema(spec.response),
  };
}

function ofVariables({ service, read = [], write = [], allow = [] }: Omit<VariablesSpec, "type">): Draft {
  return { ...EMPTY, type: "variables", service: service ?? "", read: read.join("\n"), write: write.join("\n"), allow };
}

const lines = (claims: Record<string, string>) => Object.entries(claims).map(([name, value]) => `${name} = ${value}`).join("\n");

/** Fields of the draft, with what is wrong with each. */
export type Problems = Partial<Record<keyof Draft, string>>;

/** What the server takes, or what stands in the way. */
export function specOf(draft: Draft): { spec: Spec } | { problems: Problems } {
  if (draft.type === "variables") return { spec: variablesOf(draft) };
  const problems: Problems = {};
  const spec: FlowSpec = {
    type: "flow",
    flow: draft.flow,
    methods: draft.methods,
    auth: authOf(draft, problems),
    answer: draft.answer,
    ...numberIn(draft, "deadline", problems, 1_000),
    ...numberIn(draft, "rate", problems),
    ...numberIn(draft, "callerRate", problems),
    ...numberIn(draft, "largestBody", problems, KIB),
    ...schemaIn(draft, "request", problems),
    ...schemaIn(draft, "query", problems),
    ...schemaIn(draft, "response", problems),
  };
  if (!draft.flow) problems.flow = "Choose the flow that answers.";
  if (draft.methods.length === 0) problems.methods = "Choose at least one.";
  return Object.keys(problems).length > 0 ? { problems } : { spec };
}

function variablesOf({ service, read, write, allow }: Draft): VariablesSpec {
  return { type: "variables", ...(service ? { service } : {}), read: words(read), write: words(write), allow: allow.filter(({ project }) => project) };
}

const words = (text: string): string[] => text.split(/[\s,]+/).filter(Boolean);

function authOf(draft: Draft, problems: Problems): Auth {
  if (draft.auth !== "jwt") return { type: draft.auth };
  for (const field of ["jwksUrl", "issuer", "audience"] as const) {
    if (!draft[field].trim()) problems[field] = "Tokens are checked against this; it cannot be empty.";
  }
  return { type: "jwt", jwksUrl: draft.jwksUrl.trim(), issuer: draft.issuer.trim(), audience: draft.audience.trim(), claims: claimsOf(draft.claims, problems) };
}

function claimsOf(text: string, problems: Problems): Record<string, string> {
  const claims: Record<string, string> = {};
  for (const line of text.split("\n").filter((line) => line.trim())) {
    const [, name, value] = /^\s*(.+?)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (name === undefined || value === undefined) problems.claims = `“${line.trim()}” is not of the form name = value.`;
    else claims[name] = value;
  }
  return claims;
}

function numberIn(draft: Draft, field: "deadline" | "rate" | "callerRate" | "largestBody", problems: Problems, unit = 1): Record<string, number> {
  const text = draft[field].trim();
  if (!text) return {};
  const value = Number(text) * unit;
  if (Number.isFinite(value) && value > 0) return { [field]: Math.round(value) };
  problems[field] = "A number above 0, or nothing for none.";
  return {};
}

function schemaIn(draft: Draft, field: "request" | "query" | "response", problems: Problems): Record<string, unknown> {
  if (!draft[field].trim()) return {};
  try {
    return { [field]: JSON.parse(draft[field]) as unknown };
  } catch (error) {
    problems[field] = `This is no JSON: ${error instanceof Error ? error.message : String(error)}`;
    return {};
  }
}
