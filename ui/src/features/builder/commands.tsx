import { useReactFlow } from "@xyflow/react";
import { CircleSlash, ClipboardPaste, Copy, Download, Expand, FastForward, FlaskConical, Focus, FoldVertical, Group, History, Link2, Package, PanelRightOpen, PenLine, Pencil, Pin, Play, Plus, Redo2, Rocket, Save, Scissors, Square, SquareDashed, StickyNote, Trash2, Undo2, Ungroup, Wand2 } from "lucide-react";
import { FIT } from "@/canvas/view/fit";
import { related } from "@/canvas/model/walk";
import { toast } from "@/components/ui/toast";
import { type Command as Offered, useCommands } from "@/features/commands/commands";
import type { Json } from "@/document";
import { ARRANGED, type Arranged, type Edits, ranOf, SEVERAL, type Trials } from "./actions";
import { copyNow, PASTE_JOINED, pasteNow } from "./clipboard";
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
    { id: "select-all", title: "Select every step", section: "Select", keys: "Mod+A", icon: <SquareDashed />, run: () => select(projection.nodes.map((node) => node.key)) },
    ...selecting(builder, edits),
    { id: "select-edge", title: "Select the next edge", section: "Select", keys: "E", words: "wire connection", run: edits.nextEdge },
    { id: "fold", title: "Hide or show what is inside", section: "View", keys: "H", words: "collapse expand fold region loop", icon: <FoldVertical />, run: edits.fold },
    { id: "fold-all", title: "Hide what is inside of all steps", section: "View", words: "collapse fold", run: () => edits.foldAll(true) },
    { id: "unfold-all", title: "Show what is inside of all steps", section: "View", words: "expand unfold", run: () => edits.foldAll(false) },
    { id: "versions", title: "History of this flow", section: "Flow", icon: <History />, run: () => setOver({ what: "versions" }) },
    { id: "download", title: "Download the text", section: "Flow", icon: <Download />, run: edits.save },
  ];
  const copying: Offered[] = [{ id: "copy", title: "Copy", section: "Edit", keys: "Mod+C", told: true, icon: <Copy />, run: () => void copyNow(builder, edits, false) }];
  const changing: Offered[] = [
    { id: "undo", title: "Undo", section: "Edit", keys: "Mod+Z", icon: <Undo2 />, run: () => void (doc.undo() || toast.say("There is nothing to undo")) },
    { id: "redo", title: "Redo", section: "Edit", keys: "Mod+Shift+Z Mod+Y", icon: <Redo2 />, run: () => void (doc.redo() || toast.say("There is nothing to redo")) },
    { id: "save", title: "Save now", section: "Flow", keys: "Mod+S", always: true, icon: <Save />, run: () => void draft.flush().then((done) => done && toast.done("Saved")) },
    { id: "add", title: "Add a step", section: "Edit", keys: "A", words: "new node create", icon: <Plus />, run: () => edits.add() },
    { id: "connect", title: "Connect to…", section: "Edit", keys: "C", icon: <Link2 />, run: () => void edits.connect() },
    { id: "rename", title: "Rename the step", section: "Edit", keys: "F2", icon: <Pencil />, run: () => void edits.rename() },
    { id: "delete", title: "Delete", section: "Edit", keys: "Delete Backspace", icon: <Trash2 />, run: () => edits.remove(false) },
    { id: "delete-join", title: "Delete and reconnect", section: "Edit", keys: "Mod+Delete Mod+Backspace", icon: <Trash2 />, run: () => edits.remove(true) },
    { id: "duplicate", title: "Duplicate", section: "Edit", keys: "Mod+D", icon: <Copy />, run: () => void edits.duplicate() },
    { id: "disable", title: "Disable or enable", section: "Edit", keys: "D", words: "switch off on skip mute", icon: <CircleSlash />, run: edits.disable },
    { id: "cut", title: "Cut", section: "Edit", keys: "Mod+X", told: true, icon: <Scissors />, run: () => void copyNow(builder, edits, true) },
    { id: "paste", title: "Paste", section: "Edit", keys: "Mod+V", told: true, icon: <ClipboardPaste />, run: () => void pasteNow(builder, edits, false) },
    { id: "paste-joined", title: "Paste, joined to what led there", section: "Edit", keys: PASTE_JOINED, told: true, words: "keeping incoming edges connections", icon: <ClipboardPaste />, run: () => void pasteNow(builder, edits, true) },
    { id: "tidy", title: "Tidy the layout", section: "Edit", keys: "Shift+Alt+T", icon: <Wand2 />, run: () => void (edits.tidyUp() && setTimeout(() => void fitView(FIT), 50)) },
    ...(Object.keys(ARRANGED) as Arranged[]).map((how): Offered => ({ id: `align-${how}`, title: ARRANGED[how], section: "Edit", run: () => void edits.arrange(how) })),
    { id: "note", title: "Add a note", section: "Edit", keys: "Shift+S", icon: <StickyNote />, run: () => edits.note(middle()) },
    { id: "group", title: "Group", section: "Edit", keys: "Mod+G", icon: <Group />, run: () => void edits.group() },
    { id: "ungroup", title: "Ungroup", section: "Edit", keys: "Mod+Shift+G", icon: <Ungroup />, run: edits.ungroup },
    { id: "rename-group", title: "Rename the group", section: "Edit", icon: <Pencil />, run: () => edits.renameGroup() },
    ...doc.dialect.wraps.map((type): Offered => ({ id: `wrap-${type}`, title: `Put into ${type}`, section: "Edit", words: "wrap", run: () => void edits.wrap(type) })),
    ...takingOut(builder, edits),
    { id: "convert", title: "Convert to another dialect", section: "Flow", run: () => setOver({ what: "convert" }) },
  ];
  const running: Offered[] = [
    { id: "run", title: "Run the draft", section: "Run", keys: "Mod+Enter", always: true, icon: <Play />, run: () => void trials.start({}) },
    { id: "input", title: "Run with another input", section: "Run", icon: <Play />, run: () => setOver({ what: "input" }) },
    { id: "stop", title: "Stop the run", section: "Run", keys: "Mod+.", icon: <Square />, run: () => void trials.stop() },
    ...tryingOne(builder, edits, trials),
    { id: "pin", title: "Pin or unpin the output", section: "Run", keys: "P", icon: <Pin />, run: () => pin(builder, edits, trials) },
  ];
  const publishing: Offered[] = [{ id: "publish", title: "Publish a version", section: "Flow", icon: <Rocket />, run: () => setOver({ what: "publish" }) }];
  useCommands("builder", [...looking, ...canvasKeys(edits, may.write), ...copying, ...(may.write ? changing : []), ...(may.run ? running : []), ...(may.publish ? publishing : [])]);
}

/** Everything that leads to what is selected, that it leads to, or both. */
function selecting({ projection, select }: Builder, edits: Edits): Offered[] {
  const all = (which: "before" | "after" | "all") => () => (edits.keys.length > 0 ? select(related(projection, edits.keys, which)) : toast.say("Select a step first"));
  return [
    { id: "select-before", title: "Select everything before", section: "Select", keys: "Alt+S>U", words: "upstream", run: all("before") },
    { id: "select-after", title: "Select everything after", section: "Select", keys: "Alt+S>D", words: "downstream", run: all("after") },
    { id: "select-joined", title: "Select everything connected", section: "Select", keys: "Alt+S>C", run: all("all") },
  ];
}

/** In the note that is selected, what lets one write in it. */
export const EDIT_NOTE = ".react-flow__node-note.selected [data-edit-note]";

/** What the drawing itself listens to while it has the keys. */
function canvasKeys(edits: Edits, mayWrite: boolean): Offered[] {
  const told = (id: string, title: string, keys: string): Offered => ({ id: `canvas-${id}`, title, keys, section: "On the canvas", told: true, hidden: true, run: () => {} });
  const write = { ...told("edit-note", "Write in the note", "Enter"), icon: <PenLine />, run: () => document.querySelector<HTMLElement>(EDIT_NOTE)?.click() };
  const moving = [write, told("add", "Add a step behind the selection", "Tab"), told("nudge", "Move what is selected", "Mod+Arrows"), told("nudge-more", "Move it further", "Shift+Arrows"), told("among", "Earlier or later in a tree", "Alt+ArrowUp Alt+ArrowDown")];
  return [
    told("walk", "Go to the nearest step", "Arrows"),
    { ...told("open", "Open the step", "Enter"), hidden: false, icon: <PanelRightOpen />, run: () => edits.open() },
    told("close", "Close the step, select nothing", "Escape"),
    told("menu", "What can be done with what is selected", "Shift+F10 ContextMenu"),
    told("pan", "Move the drawing", "Space+Drag"),
    ...(mayWrite ? moving : []),
  ];
}

/** Selected steps become a flow of their own in a graph, and a tree of their own in a tree. */
function takingOut({ document: { dialect }, setOver }: Builder, edits: Edits): Offered[] {
  const title = dialect.flowOf ? "Make a sub-flow of the selection" : "Take out into a sub-tree";
  if (!dialect.flowOf && dialect.name !== "tree") return [];
  const run = () => (edits.keys.length > 0 ? setOver({ what: "extract" }) : toast.say("Select the steps first", SEVERAL));
  return [{ id: "extract", title, section: "Edit", keys: "Alt+X", words: "extract sub-flow subflow sub-workflow", icon: <Package />, run }];
}

/** What the step that is selected can be tried by. */
function tryingOne({ projection }: Builder, edits: Edits, { test, runTo, runFrom }: Trials): Offered[] {
  const node = projection.nodes.find((one) => one.key === edits.keys[0]);
  const selected = (what: (id: string) => void) => () => (node ? what(node.id) : toast.say("Select a step first"));
  return [
    { id: "test-step", title: "Test the step", section: "Run", words: "execute try alone", icon: <FlaskConical />, run: selected((id) => test(id)) },
    { id: "run-to", title: "Run up to the step", section: "Run", words: "execute until", icon: <Play />, run: selected(runTo) },
    ...(runFrom ? [{ id: "run-from", title: "Run from the step", section: "Run", words: "execute again", icon: <FastForward />, run: selected(runFrom) }] : []),
  ];
}

function pin({ projection, steps }: Builder, edits: Edits, trials: Trials): void {
  const node = projection.nodes.find((one) => one.key === edits.keys[0]);
  if (!node) return;
  if (node.id in trials.pins) return trials.pin(node.id, undefined);
  const step = ranOf(steps, node);
  if (step) trials.pin(node.id, step.output as Json);
  else toast.say("It has no output to pin yet", "Run the flow, or test this step alone.");
}
