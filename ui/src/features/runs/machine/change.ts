import type { Schemas } from "@/lib/api";
import { exactJson } from "@/lib/exact";

type ForkBody = Schemas["ForkBody"];

/** What a fork does differently, as it is entered. */
export interface Change {
  sort: "nothing" | "value" | "event" | "decision";
  /** `input.NAME` or `vars.NAME`, and the new value as JSON. */
  name: string;
  value: string;
  /** An event, as the journal has it. */
  event: string;
  /** The step that is decided about, and how it is to have ended. */
  step: string;
  ended: "output" | "error";
  output: string;
  code: string;
  message: string;
}

export const NO_CHANGE: Change = { sort: "nothing", name: "", value: "", event: "", step: "", ended: "output", output: "null", code: "DECIDED", message: "" };

/** What is sent, or what is wrong with what was entered. */
export function forkOf(at: number, change: Change, dryRun: boolean): { body: ForkBody } | { wrong: string } {
  const base = { at, dryRun };
  try {
    if (change.sort === "value") return value(base, change);
    if (change.sort === "event") return event(base, change);
    if (change.sort === "decision") return decision(base, change);
    return { body: base };
  } catch (error) {
    return { wrong: error instanceof SyntaxError ? `This is not JSON: ${error.message}` : (error as Error).message };
  }
}

type Base = { at: number; dryRun: boolean };
type Made = { body: ForkBody } | { wrong: string };

function value(base: Base, { name, value }: Change): Made {
  if (!/^(input|vars)\../.test(name.trim())) return { wrong: "Name the value: input.NAME or vars.NAME." };
  return { body: { ...base, set: { [name.trim()]: exactJson(value) } } } as Made;
}

function event(base: Base, { event }: Change): Made {
  const parsed = exactJson(event);
  if (typeof parsed !== "object" || parsed === null || !("type" in parsed)) return { wrong: 'An event is an object with a "type".' };
  return { body: { ...base, event: parsed } };
}

function decision(base: Base, { step, ended, output, code, message }: Change): Made {
  if (!step) return { wrong: "Choose the step that is decided about." };
  if (ended === "output") return { body: { ...base, event: { type: "override", path: step, output: exactJson(output || "null") } } };
  if (!code.trim()) return { wrong: "Give the error a code." };
  return { body: { ...base, event: { type: "override", path: step, error: { code: code.trim(), category: "verdict", message } } } };
}
