import { exactJson } from "@/lib/exact";

/** How a variable's value is written in a field: a text as it is, everything else as JSON. */
export type Form = "text" | "json";

export const formOf = (value: unknown): Form => (typeof value === "string" ? "text" : "json");

export const written = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value, null, 2));

export type Read = { value: unknown } | { problem: string };

/** What was meant, or where it cannot be read. */
export function read(form: Form, text: string): Read {
  if (form === "text") return { value: text };
  if (!text.trim()) return { problem: "Write a value; nothing at all is written null." };
  try {
    return { value: exactJson(text) };
  } catch (error) {
    return { problem: error instanceof SyntaxError ? `This is no JSON: ${where(text, error)}` : (error as Error).message };
  }
}

function where(text: string, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const at = /position (\d+)/.exec(message)?.[1];
  if (at === undefined) return message;
  const before = text.slice(0, Number(at)).split("\n");
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}. ${message}`;
}

/** On one line, cut where it is long. */
export function short(value: unknown, most = 160): string {
  const text = JSON.stringify(value) ?? "null";
  return text.length > most ? `${text.slice(0, most)}…` : text;
}
