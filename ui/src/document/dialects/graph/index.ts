import type { Dialect } from "../dialect";
import { at, get, items, text, type TextNode } from "../../text/node";
import { apply, copy } from "./commands";
import { bodyPath, project } from "./project";
import { flowOf } from "./subflow";
import { OFFERS, shapeOf } from "./types";

export const graph: Dialect = {
  name: "graph",
  fits: (doc: TextNode) => {
    const path = bodyPath(doc);
    if (path === undefined) return false;
    const nodes = at(doc, [...path, "nodes"]);
    return nodes?.kind === "list" || get(at(doc, path), "edges") !== undefined || items(nodes).some((node) => text(get(node, "id")));
  },
  project,
  apply,
  copy,
  flowOf,
  offers: OFFERS,
  shapeOf: (type) => shapeOf(type, undefined),
  task: ({ name, title }) => ({ type: "activity", kind: name, title }),
  keepsPositions: true,
  wraps: [],
};
