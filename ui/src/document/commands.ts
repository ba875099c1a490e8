import type { Json, Path } from "./text/node";

export interface Point {
  x: number;
  y: number;
}

/** What a new node says. Types are the dialect's own. */
export interface NewNode {
  type: string;
  kind?: string;
  title?: string;
  props?: { [key: string]: Json };
}

/** Where a new node goes. */
export interface Place {
  /** Into this node, as the given child. */
  parent?: string;
  index?: number;
  /** Behind this node, in its list or joined to the handle by an edge. */
  after?: string;
  handle?: string;
  /** In the middle of this edge. */
  edge?: string;
  at?: Point;
}

/** Copied nodes, as they lie on the clipboard. */
export interface Clip {
  weir: 1;
  dialect: string;
  nodes: Json[];
  edges: Json[];
  /** What led to them from others: the others and the copied ones by their ids, and by which handle. */
  incoming?: Incoming[];
}

export interface Incoming {
  source: string;
  target: string;
  handle?: string;
}

/** Everything that can be done to a flow but typing in its text. */
export type Command =
  | { do: "add"; node: NewNode; place: Place }
  | { do: "delete"; keys: string[]; reconnect?: boolean }
  | { do: "move"; key: string; parent: string; index: number }
  | { do: "connect"; source: string; target: string; handle?: string }
  | { do: "disconnect"; edges: string[] }
  | { do: "rename"; key: string; title: string }
  | { do: "set"; key: string; path: Path; value: Json | undefined }
  | { do: "disable"; keys: string[]; disabled: boolean }
  | { do: "duplicate"; keys: string[] }
  /** Where it is `joined`, what led to the copied ones leads to the new ones too, as far as it is in this flow. */
  | { do: "paste"; clip: Clip; place: Place; joined?: boolean }
  | { do: "wrap"; keys: string[]; type: string }
  | { do: "extract"; keys: string[]; name: string }
  | { do: "position"; moves: { [key: string]: Point } }
  | { do: "tidy"; moves: { [key: string]: Point } }
  | { do: "note"; id: string; note: Note | undefined }
  | { do: "group"; id: string; group: Group | undefined };

/** A note on the canvas; it means nothing to the flow. */
export interface Note {
  x: number;
  y: number;
  width: number;
  height: number;
  text: string;
  color: "yellow" | "blue" | "green" | "pink" | "plain";
}

export interface Group {
  title: string;
  nodes: string[];
}

/** What is kept beside the text: places the text has no room for, notes, groups. */
export interface CanvasData {
  positions: { [key: string]: Point };
  notes: { [id: string]: Note };
  groups: { [id: string]: Group };
}

export const BLANK: CanvasData = { positions: {}, notes: {}, groups: {} };
