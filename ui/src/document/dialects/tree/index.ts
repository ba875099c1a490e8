import type { Dialect } from "../dialect";
import { get, type TextNode } from "../../text/node";
import { apply, copy } from "./commands";
import { project } from "./project";
import { OFFERS, shapeOf } from "./types";

export const tree: Dialect = {
  name: "tree",
  fits: (doc: TextNode) => get(doc, "type") !== undefined,
  project,
  apply,
  copy,
  offers: OFFERS,
  shapeOf,
  task: ({ tree, title }) => (tree ? { type: tree, title } : undefined),
  keepsPositions: false,
  wraps: ["Sequence", "Parallel", "Selector", "Timeout", "Repeat", "Recovery", "Invert", "ForceSuccess"],
};
