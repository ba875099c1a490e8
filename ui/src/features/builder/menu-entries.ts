import type { FlowNode, TextCommand } from "@/document";
import { hasInside, ranOf } from "./actions";
import type { Builder } from "./state";

/** What was clicked with the other button. */
export type Aimed = "steps" | "edge" | "note" | "canvas";

/** A command of the builder, by its id, and what it is called where it is plain what it is done to. */
export interface Entry {
  id: string;
  title?: string;
}

export interface Facts extends Pick<Builder, "document" | "projection" | "state" | "steps" | "collapsed"> {
  /** The selected steps. */
  keys: readonly string[];
  edge: string | undefined;
  pins: { [node: string]: unknown };
}

/** What can be done there, in parts with a line between them; what the role does not allow is no command and left out later. */
export function entriesOf(aimed: Aimed, facts: Facts): Entry[][] {
  switch (aimed) {
    case "steps":
      return ofSteps(facts);
    case "edge":
      return [ofEdge(facts)];
    case "note":
      return [[{ id: "canvas-edit-note" }], [{ id: "delete" }]];
    case "canvas":
      return ofCanvas(facts);
  }
}

/** Whether the text would take it: asked of the document itself. */
const can = ({ document: doc }: Facts, command: TextCommand): boolean => doc.refusal(command) === undefined;

/** Whether anything can be added to what is drawn. */
const grows = ({ document: { dialect }, state: { broken } }: Facts): boolean => broken.length === 0 && dialect.name !== "ir";

const when = (is: boolean, ...entries: Entry[]): Entry[] => (is ? entries : []);

function ofSteps(facts: Facts): Entry[][] {
  const { keys, projection } = facts;
  const nodes = projection.nodes.filter(({ key }) => keys.includes(key));
  const [only] = nodes.length === 1 ? nodes : [];
  const goes = can(facts, { do: "delete", keys: [...keys] });
  return [
    only ? [{ id: "canvas-open", title: "Open" }] : [],
    only ? tries(only, facts) : [],
    [...(only ? ofOne(only, facts) : []), ...disables(nodes, facts)],
    [...when(goes, { id: "cut" }), { id: "copy" }, ...when(can(facts, { do: "duplicate", keys: [...keys] }), { id: "duplicate" })],
    [...groups(facts), ...extracts(facts), ...(only ? folds(only, facts) : [])],
    [...when(goes, { id: "delete" }), ...when(goes && joins(facts), { id: "delete-join" })],
  ];
}

function tries(node: FlowNode, { steps, pins, state }: Facts): Entry[] {
  // A trial runs the text as it is.
  const runs = state.broken.length === 0;
  const pinned = node.id in pins;
  return [
    ...when(runs, { id: "test-step", title: "Test this step" }, { id: "run-to", title: "Run up to here" }, { id: "run-from", title: "Run from here" }),
    ...when(pinned || ranOf(steps, node) !== undefined, { id: "pin", title: pinned ? "Unpin the output" : "Pin the output" }),
  ];
}

function ofOne(node: FlowNode, { projection: { dialect }, state }: Facts): Entry[] {
  if (state.broken.length > 0) return [];
  const leads = node.handles.length > 0;
  return [...when(leads || dialect === "tree", { id: "add", title: "Add a step after it" }), ...when(leads, { id: "connect" }), { id: "rename", title: "Rename" }];
}

function disables(nodes: readonly FlowNode[], facts: Facts): Entry[] {
  const disabled = nodes.some((node) => !node.disabled);
  return when(can(facts, { do: "disable", keys: [...facts.keys], disabled }), { id: "disable", title: disabled ? "Disable" : "Enable" });
}

function groups({ keys, state }: Facts): Entry[] {
  const grouped = Object.values(state.canvas.groups).some((group) => group.nodes.some((key) => keys.includes(key)));
  return [...when(keys.length > 1, { id: "group" }), ...when(grouped, { id: "rename-group" }, { id: "ungroup" })];
}

function extracts({ document: doc, keys }: Facts): Entry[] {
  if (doc.dialect.flowOf) return when(!("refused" in doc.takenOut(keys, "part")), { id: "extract", title: "Make a sub-flow" });
  return when(doc.refusal({ do: "extract", keys: [...keys], name: "part" }) === undefined, { id: "extract" });
}

function folds({ key }: FlowNode, { projection, collapsed }: Facts): Entry[] {
  return when(hasInside(projection, key), { id: "fold", title: collapsed.has(key) ? "Show what is inside" : "Hide what is inside" });
}

/** Whether there is something on both sides that could be joined. */
function joins({ projection: { dialect, edges }, keys }: Facts): boolean {
  const into = edges.some(({ source, target }) => keys.includes(target) && !keys.includes(source));
  const outOf = edges.some(({ source, target }) => keys.includes(source) && !keys.includes(target));
  return into && outOf && dialect !== "organism";
}

function ofEdge(facts: Facts): Entry[] {
  const { edge } = facts;
  if (edge === undefined) return [];
  return [...when(grows(facts), { id: "add", title: "Insert a step" }), ...when(can(facts, { do: "disconnect", edges: [edge] }), { id: "delete" })];
}

function ofCanvas(facts: Facts): Entry[][] {
  const { projection, collapsed } = facts;
  const open = grows(facts);
  const regions = projection.nodes.some(({ key, parent }) => parent !== undefined && hasInside(projection, key));
  const drawn = projection.nodes.length > 0;
  return [
    [...when(open, { id: "add", title: "Add a step here" }), { id: "note", title: "Add a note here" }, ...when(open, { id: "paste" })],
    when(drawn, { id: "select-all" }),
    when(drawn, ...when(open, { id: "tidy" }), { id: "fit" }, ...when(regions, { id: "fold-all" }), ...when(collapsed.size > 0, { id: "unfold-all" })),
  ];
}
