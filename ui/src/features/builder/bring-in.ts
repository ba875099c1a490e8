import { type Clip, type Command, FlowDocument, isMap, type Json, type Place } from "@/document";
import type { Taken } from "@/document/foreign/n8n";
import { toast } from "@/components/ui/toast";
import { type Given, given, notesOfTaken, parsed, textOfTaken } from "@/features/flows/given";
import { readClip } from "./actions";
import type { Builder } from "./state";

/** No flow is as long as this; what is longer is no flow, or would bring the page to a halt. */
const MOST = 2_000_000;

/**
 * Puts what lies on the clipboard into the flow: copied steps, `joined` to what led to them, a whole graph as JSON, or
 * an export of n8n.
 */
export async function pasteInto(builder: Builder, text: string, place: Place, joined: boolean): Promise<void> {
  const clip = readClip(text) ?? graphOf(text);
  if (clip) return pasteClip(builder, clip, place, joined);
  const read = await readable([{ name: "clipboard.json", text }]);
  if (!read) return;
  if (read.kind === "foreign") return pasteForeign(builder, read.taken);
  if (read.kind === "bundle") return toast.say("This is a bundle of flows", "Import it on the page Flows.");
  toast.say("There are no steps on the clipboard", "Steps copied here, a graph as JSON, or a workflow exported from n8n can be pasted.");
}

/** As `given`; where it cannot be read now, that is said. */
async function readable(files: Parameters<typeof given>[0]): Promise<Given | undefined> {
  try {
    return await given(files);
  } catch {
    toast.say("What reads it could not be loaded", "Try again once the server answers.");
    return undefined;
  }
}

function pasteClip({ perform, projection }: Builder, clip: Clip, place: Place, joined: boolean): void {
  const there = new Set(projection.nodes.map((node) => node.key));
  const done = perform({ do: "paste", clip, place, joined });
  if (done && joined && !clip.incoming?.some(({ source }) => there.has(source))) toast.say("Nothing in this flow led to them", "They were pasted without.");
}

/** The text of a graph of ours, as steps that can be pasted. */
function graphOf(text: string): Clip | undefined {
  const value = parsed(text) as Json | undefined;
  if (!isMap(value) || !Array.isArray(value.nodes) || !Array.isArray(value.edges)) return undefined;
  const nodes = value.nodes.filter((node) => isMap(node) && typeof node.id === "string" && typeof node.type === "string");
  return nodes.length > 0 ? { weir: 1, dialect: "graph", nodes, edges: value.edges } : undefined;
}

function pasteForeign(builder: Builder, taken: Taken): void {
  const { document: doc, projection } = builder;
  if (projection.dialect !== "graph") return toast.say("A workflow of n8n becomes a graph, and this flow is none", "Import it on the page Flows: there it becomes a flow of its own.");
  const notes = taken.notes.map((note): Command => ({ do: "note", id: crypto.randomUUID(), note }));
  const outcome = doc.runAll([{ do: "paste", clip: taken.clip, place: {} }, ...notes], Date.now());
  if (outcome.refused !== undefined) return toast.say(outcome.refused);
  builder.select(outcome.added);
  builder.setOver({ what: "taken", taken });
}

/** Takes a file as the text of the flow that is open; undo brings back what was there. */
export async function bringIn(builder: Builder, file: File): Promise<void> {
  if (file.size > MOST) return toast.say(`${file.name} is too large to be a flow`, "At most 2 MB can be read.");
  const text = await file.text();
  const read = await readable([{ name: file.name, text }]);
  if (!read) return;
  if (read.kind === "bundle") return toast.say("This is a bundle of flows", "Import it on the page Flows.");
  if (read.kind === "foreign") {
    if (replace(builder, textOfTaken(read.taken), notesOfTaken(read.taken), file.name)) builder.setOver({ what: "taken", taken: read.taken });
    return;
  }
  replace(builder, text, {}, file.name);
}

/** The flow keeps the form of its file: what comes as YAML into one of JSON is written as JSON, without its comments. */
function replace({ document: doc, state }: Builder, text: string, notes: Builder["state"]["canvas"]["notes"], name: string): boolean {
  const read = new FlowDocument(name, text);
  const [broken] = read.state.broken;
  if (broken) {
    toast.say(`${name} cannot be read`, `Line ${broken.line}: ${broken.message.split("\n")[0]}`);
    return false;
  }
  if (text.trim() === "" || read.state.projection.nodes.length === 0) {
    toast.say(`There is no flow in ${name}`, "It holds no steps that could be drawn.");
    return false;
  }
  const rewritten = doc.format === "json" && read.format === "yaml" ? read.asJson() : text;
  if (rewritten === undefined) {
    toast.say(`${name} holds several documents`, "This flow is kept as JSON, which has room for one. Import it on the page Flows.");
    return false;
  }
  doc.replace(rewritten, { ...state.canvas, positions: {}, groups: {}, notes }, Date.now());
  toast.done(`${name} is the flow now${rewritten === text ? "" : ", as JSON and without comments"}`, { label: "Undo", onClick: () => doc.undo() });
  return true;
}
