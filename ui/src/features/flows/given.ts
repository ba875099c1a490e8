import type { TextFile } from "@/features/templates/template";

export type Given = { kind: "bundle"; bundle: unknown } | { kind: "flow"; files: TextFile[] };

/** What files are that somebody gives: a bundle that was exported, or the text of a flow. */
export function given(files: TextFile[]): Given {
  const only = files.length === 1 ? parsed(files[0]?.text ?? "") : undefined;
  if (isBundle(only)) return { kind: "bundle", bundle: only };
  return { kind: "flow", files };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isBundle(value: unknown): boolean {
  return typeof value === "object" && value !== null && "flows" in value && Array.isArray(value.flows);
}
