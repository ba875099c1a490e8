import { isN8n } from "@/document/foreign/is-n8n";
import type { Taken } from "@/document/foreign/n8n";
import type { TextFile } from "@/features/templates/template";

export type Given = { kind: "bundle"; bundle: unknown } | { kind: "foreign"; taken: Taken } | { kind: "flow"; files: TextFile[] };

/**
 * What files are that somebody gives: a bundle that was exported, an export of another program, or the text of a flow.
 * Fails where what reads the export of another program cannot be loaded.
 */
export async function given(files: TextFile[]): Promise<Given> {
  const only = files.length === 1 ? parsed(files[0]?.text ?? "") : undefined;
  if (isBundle(only)) return { kind: "bundle", bundle: only };
  if (isN8n(only)) return { kind: "foreign", taken: (await import("@/document/foreign/n8n")).fromN8n(only) };
  return { kind: "flow", files };
}

/** The steps of an export as the text of a graph. */
export function textOfTaken({ name, clip }: Taken): string {
  return `${JSON.stringify({ name: name || "flow", nodes: clip.nodes, edges: clip.edges }, null, 2)}\n`;
}

/** Its notes, as they lie beside the text. */
export const notesOfTaken = ({ notes }: Taken): { [id: string]: Taken["notes"][number] } => Object.fromEntries(notes.map((note, at) => [`note-${at + 1}`, note]));

export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isBundle(value: unknown): boolean {
  return typeof value === "object" && value !== null && "flows" in value && Array.isArray(value.flows);
}
