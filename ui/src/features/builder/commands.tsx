import { useReactFlow } from "@xyflow/react";
import { Copy, Download, Expand, Focus, Group, History, Link2, Package, Pencil, Pin, Play, Plus, Redo2, Rocket, Save, Square, StickyNote, Trash2, Undo2, Ungroup, Wand2 } from "lucide-react";
import { FIT } from "@/canvas/view/canvas";
import { align } from "@/canvas/model/layout";
import { related } from "@/canvas/model/walk";
import { toast } from "@/components/ui/toast";
import { type Command as Offered, useCommands } from "@/features/commands/commands";
import type { Json } from "@/document";
import type { Edits, Trials } from "./actions";
import type { Builder } from "./state";

/** Everything that can be done here, for the palette and by keys. */
export function useBuilderCommands(builder: Builder, edits: Edits, trials: Trials, may: { write: boolean; publish: boolean; run: boolean }): void {
  const { fitView, zoomIn, zoomOut, zoomTo, screenToFlowPosition } = useReactFlow();
  const { document: doc, select, projection, setOver, setView, view, draft } = builder;
  const middle = () => screenToFlowPosition({ x: innerWidth / 2, y: innerHeight / 2 });
  const looking: Offered[] = [
    { id: "fit", title: "Show the whole flow", section: "View", keys: "1 Mod+1", icon: <Expand />, run: () => void fitView(FIT) },
    { id: "zoom-in", title: "Closer", section: "View", keys: "+ =", hidden: true, run: () => void zoomIn() },
    { id: "zoom-out", title: "Further away", section: "View", keys: "-", hidden: true, run: () => void zoomOut() },
    { id: "zoom-1", title: "Zoom to 100 %", section: "View", keys: "0", icon: <Focus />, run: () => void zoomTo(1) },
    { id: "split", title: "Show or hide the text beside the canvas", section: "View", keys: "Mod+\\", always: true, run: () => setView(view === "split" ? "canvas" : "split") },
    { id: "select-all", title: "Select every step", section: "Select", keys: "Mod+A", run: () => select(projection.nodes.map((node) => node.key)) },
    { id: "select-before", title: "Select everything before", section: "Select", run: () => select(related(projection, edits.keys, "before")) },
    { id: "select-after", title: "Select everything after", section: "Select", run: () => select(related(projection, edits.keys, "after")) },
    { id: "select-joined", title: "Select everything connected", section: "Select", run: () => select(related(projection, edits.keys, "all")) },
    { id: "select-edge", title: "Select the next edge", section: "Select", keys: "E", words: "wire connection", run: edits.nextEdge },
    { id: "versions", title: "History of this flow", section: "Flow", icon: <History />, run: () => setOver({ what: "versions" }) },
    { id: "download", title: "Download the text", section: "Flow", icon: <Download />, run: edits.save },
  ];
  const changing: Offered[] = [
    { id: "undo", title: "Undo", section: "Edit", keys: "Mod+Z", icon: <Undo2 />, run: () => void (doc.undo() || toast.say("There is nothing to undo")) },
    { id: "redo", title: "Redo", section: "Edit", keys: "Mod+Shift+Z Mod+Y", icon: <Redo2 />, run: () => void (doc.redo() || toast.say("There is nothing to redo")) },
    { id: "save", title: "Save now", section: "Flow", keys: "Mod+S", always: true, icon: <Save />, run: () => void draft.flush().then((done) => done && toast.done("Saved")) },
    { id: "add", title: "Add a step", section: "Edit", keys: "A", words: "new node create", icon: <Plus />, run: edits.add },
    { id: "connect", title: "Connect to…", section: "Edit", keys: "C", icon: <Link2 />, run: () => void edits.connect() },
    { id: "rename", title: "Rename the step", section: "Edit", keys: "F2", icon: <Pencil />, run: () => void edits.rename() },
    { id: "delete", title: "Delete", section: "Edit", keys: "Delete Backspace", icon: <Trash2 />, run: () => edits.remove(false) },
    { id: "delete-join", title: "Delete and reconnect", section: "Edit", keys: "Mod+Delete Mod+Backspace", icon: <Trash2 />, run: () => edits.remove(true) },
    { id: "duplicate", title: "Duplicate", section: "Edit", keys: "Mod+D", icon: <Copy />, run: () => void edits.duplicate() },
    { id: "tidy", title: "Tidy the layout", section: "Edit", keys: "Shift+Alt+T", icon: <Wand2 />, run: () => void (edits.tidyUp() && setTimeout(() => void fitView(FIT), 50)) },
    ...(["left", "top", "across", "down"] as const).map((how): Offered => ({ id: `align-${how}`, title: { left: "Align to the left", top: "Align to the top", across: "Space out across", down: "Space out downwards" }[how], section: "Edit", run: () => void builder.perform({ do: "position", moves: align(builder.places, edits.keys, how) }) })),
    { id: "note", title: "Add a note", section: "Edit", keys: "Shift+S", icon: <StickyNote />, run: () => edits.note(middle()) },
    { id: "group", title: "Group", section: "Edit", keys: "Mod+G", icon: <Group />, run: () => void edits.group() },
    { id: "ungroup", title: "Ungroup", section: "Edit", keys: "Mod+Shift+G", icon: <Ungroup />, run: edits.ungroup },
    ...doc.dialect.wraps.map((type): Offered => ({ id: `wrap-${type}`, title: `Put into ${type}`, section: "Edit", words: "wrap", run: () => void edits.wrap(type) })),
    ...takingOut(builder, edits),
    { id: "convert", title: "Convert to another dialect", section: "Flow", run: () => setOver({ what: "convert" }) },
  ];
  const running: Offered[] = [
    { id: "run", title: "Run the draft", section: "Run", keys: "Mod+Enter", always: true, icon: <Play />, run: () => void trials.start({}) },
    { id: "input", title: "Run with another input", section: "Run", icon: <Play />, run: () => setOver({ what: "input" }) },
    { id: "stop", title: "Stop the run", section: "Run", keys: "Mod+.", icon: <Square />, run: () => void trials.stop() },
    { id: "pin", title: "Pin or unpin the output", section: "Run", keys: "P", icon: <Pin />, run: () => pin(builder, edits, trials) },
  ];
  const publishing: Offered[] = [{ id: "publish", title: "Publish a version", section: "Flow", icon: <Rocket />, run: () => setOver({ what: "publish" }) }];
  useCommands("builder", [...looking, ...(may.write ? changing : []), ...(may.run ? running : []), ...(may.publish ? publishing : [])]);
}

/** Selected steps become a flow of their own in a graph, and a tree of their own in a tree. */
function takingOut({ document: { dialect }, setOver }: Builder, edits: Edits): Offered[] {
  const title = dialect.flowOf ? "Make a sub-flow of the selection" : "Take out into a sub-tree";
  if (!dialect.flowOf && dialect.name !== "tree") return [];
  const run = () => (edits.keys.length > 0 ? setOver({ what: "extract" }) : toast.say("Select the steps first", "Shift and a drag over the canvas selects several."));
  return [{ id: "extract", title, section: "Edit", keys: "Alt+X", words: "extract sub-flow subflow sub-workflow", icon: <Package />, run }];
}

function pin({ projection, steps }: Builder, edits: Edits, trials: Trials): void {
  const node = projection.nodes.find((one) => one.key === edits.keys[0]);
  if (!node) return;
  if (node.id in trials.pins) return trials.pin(node.id, undefined);
  const step = steps.findLast((one) => one.path.split("/").at(-1)?.replace(/\[\d+\]$/, "") === node.id && one.status === "succeeded");
  if (step) trials.pin(node.id, step.output as Json);
  else toast.say("It has no output to pin yet", "Run the flow, or test this step alone.");
}
