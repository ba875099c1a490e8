import type { Json } from "@/document";
import { exactJson } from "@/lib/exact";

/** What a text stands for, or what is wrong with it, in which case it stands for nothing. */
export type Read = { value: Json | undefined } | { wrong: string };

/** A text that has to be JSON. */
export function readJson(text: string): Read {
  try {
    return { value: exactJson(text) as Json };
  } catch (error) {
    return { wrong: error instanceof SyntaxError || !(error instanceof Error) ? "This is not JSON yet." : error.message };
  }
}

/** What a field's text means, by the type that is wanted and what stood there before. What is no JSON is text. */
export function readAs(text: string, type: string, before: Json | undefined): Read {
  if (text === "" && before === undefined) return { value: undefined };
  if (text.includes("{{") || !isStructured(text, type, before)) return { value: text };
  if (text.trim() === "") return { value: undefined };
  return isJson(text) ? readJson(text) : { value: text };
}

function isStructured(text: string, type: string, before: Json | undefined): boolean {
  if (type === "any") return typeof before !== "string" || /^[[{]/.test(text);
  return ["object", "array", "number", "integer", "boolean"].includes(type);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
