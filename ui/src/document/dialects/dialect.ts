import type { Clip, Command, NewNode, Place } from "../commands";
import type { DialectName, Projection, Shape } from "../projection";
import type { JsonMap, Path, TextNode } from "../text/node";
import type { Patch } from "../text/patch";

/** What changes a text: the commands that are about the flow, not about the canvas. */
export type TextCommand = Exclude<Command, { do: "note" | "group" | "tidy" }>;

/** What a command has done besides changing the text. */
export interface Done {
  /** Nodes that are new, by their keys in the next projection. */
  added?: string[];
  /** Keys that have changed; what is kept beside the text follows them. */
  renamed?: { [before: string]: string };
}

/** What a palette offers besides the kinds of tasks. */
export interface Offer {
  node: NewNode;
  title: string;
  summary: string;
  category: string;
}

/** One way of writing flows down, as it is drawn and edited. */
export interface Dialect {
  name: DialectName;
  fits(doc: TextNode): boolean;
  /** Never throws; what cannot be drawn is a problem. */
  project(docs: TextNode[], source: string): Projection;
  /** Throws a `Refusal` where it cannot be done, and has then changed nothing that is kept. */
  apply(patch: Patch, projection: Projection, command: TextCommand): Done;
  copy(patch: Patch, projection: Projection, keys: readonly string[]): Clip;
  /**
   * The flow that `extract` calls, where it is one of its own and not a part of this text. Throws a `Refusal` where
   * `extract` does.
   */
  flowOf?(patch: Patch, projection: Projection, keys: readonly string[], name: string): JsonMap;
  /** Control nodes, listeners and the like. */
  offers: readonly Offer[];
  /** How a node of a type is drawn. */
  shapeOf(type: string): Shape;
  /** How a task of a kind is written; nothing where the dialect has none. */
  task(kind: { name: string; tree?: string | undefined; title: string }): NewNode | undefined;
  /** Whether the text keeps where nodes lie. */
  keepsPositions: boolean;
  /** Types that can be put around what is selected. */
  wraps: readonly string[];
}

export type { Path, Place };
