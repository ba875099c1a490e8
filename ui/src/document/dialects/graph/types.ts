import type { Shape } from "../../projection";
import { isMap, type Json, type JsonMap } from "../../text/node";
import type { Offer } from "../dialect";

const HANDLES: Record<string, readonly string[]> = {
  loop: ["body", "done"],
  retry: ["body", "out"],
  signal: ["out", "timeout"],
  approval: ["approved", "rejected", "timeout"],
  end: [],
  return: [],
  fail: [],
};

const SHAPES: Record<string, Shape> = {
  trigger: "trigger",
  "api-endpoint": "trigger",
  agent: "model",
  conditional: "branch",
  condition: "branch",
  loop: "loop",
  retry: "loop",
  end: "output",
  return: "output",
  fail: "output",
  set: "code",
  "state-variable": "code",
};

/** Types that are no task of a kind, though a kind may have the same name. */
export const CONTROL: ReadonlySet<string> = new Set([
  "trigger", "end", "agent", "conditional", "condition", "loop", "child-workflow", "signal", "phase", "retry",
  "state-variable", "data-in", "data-out", "wait", "approval", "fail", "return", "set",
]);

/** The handles a node may be left by, `error` last where it can fail. */
export function handlesOf(type: string, config: Json): string[] {
  const own = type === "conditional" || type === "condition" ? casesOf(config) : ownHandles(type);
  const fails = own.length > 0 && !["trigger", "conditional", "condition", "phase", "set", "wait"].includes(type);
  return fails ? [...own, "error"] : [...own];
}

/** What a step of a type may be left by, besides `error`; a condition names its own. */
export const ownHandles = (type: string): readonly string[] => HANDLES[type] ?? ["out"];

/** The value of a key in either spelling. */
export function said(map: JsonMap, key: string): Json | undefined {
  return map[key] ?? map[key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)] ?? undefined;
}

/** The handles of a condition: those of its cases and what else there is, or `true` and `false`. */
export function casesOf(config: Json): string[] {
  const cases = isMap(config) ? said(config, "cases") : undefined;
  if (!isMap(config) || !Array.isArray(cases)) return ["true", "false"];
  const otherwise = said(config, "else") ?? said(config, "default") ?? said(config, "defaultHandle");
  return [...cases.map(caseName), typeof otherwise === "string" ? otherwise : "else"];
}

function caseName(one: Json, at: number): string {
  const key = isMap(one) ? ["handle", "name", "id", "label", "value"].find((name) => name in one) : undefined;
  const named = isMap(one) && key !== undefined ? one[key] : `case-${at + 1}`;
  return typeof named === "string" ? named : JSON.stringify(named);
}

export function shapeOf(type: string, kind: string | undefined): Shape {
  if (kind === "model.chat") return "model";
  if (kind === "script" || kind === "transform" || kind === "set") return "code";
  return SHAPES[type] ?? "task";
}

const offer = (type: string, title: string, summary: string, category: string, config?: { [key: string]: Json }): Offer => ({
  node: config ? { type, props: config } : { type },
  title,
  summary,
  category,
});

export const OFFERS: readonly Offer[] = [
  offer("trigger", "Start", "Where a run begins.", "Start and end"),
  offer("end", "End", "What reaches it is the output of the run.", "Start and end"),
  offer("return", "Return", "Ends the run with an output, cutting other branches.", "Start and end"),
  offer("fail", "Fail", "Ends with a failure.", "Start and end", { code: "FAILED", message: "" }),
  offer("conditional", "Condition", "Goes on by `true` or `false`.", "Order of steps", { expression: "true" }),
  offer("loop", "Loop", "Repeats the steps that lead back to it.", "Order of steps", { maxIterations: 3 }),
  offer("retry", "Retry", "Tries what hangs on it again.", "Order of steps"),
  offer("phase", "Phase", "Labels what follows.", "Order of steps"),
  offer("child-workflow", "Another flow", "Runs another flow.", "Order of steps", { workflowType: "" }),
  offer("agent", "Agent", "A model with tools, within limits.", "Models"),
  offer("wait", "Wait", "Waits for a time.", "Waiting", { duration: "1m" }),
  offer("signal", "Signal", "Waits for a signal.", "Waiting", { signalName: "go" }),
  offer("approval", "Approval", "A person says yes or no.", "Waiting", { message: "Go on?" }),
  offer("set", "Set variables", "Writes variables.", "Data"),
  offer("state-variable", "Variable", "Sets, appends to or counts a variable.", "Data", { name: "", operation: "set", value: "" }),
];
