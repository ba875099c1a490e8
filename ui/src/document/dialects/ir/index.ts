import type { Dialect } from "../dialect";
import { get, text, type TextNode } from "../../text/node";
import { Refusal } from "../../text/refusal";

/** The form in which flows are kept inside. It can be read and run, and is drawn once it is converted. */
export const ir: Dialect = {
  name: "ir",
  fits: (doc: TextNode) => get(doc, "ir") !== undefined && get(doc, "root") !== undefined,
  project: (docs) => ({
    dialect: "ir",
    name: text(get(docs[0], "name")) ?? "",
    nodes: [],
    edges: [],
    problems: [{ message: "this flow is written in the inner form; convert it to a tree or a graph to draw it", line: 1 }],
  }),
  apply: () => {
    throw new Refusal("A flow in the inner form is changed in its text. Convert it to a tree or a graph to draw it.");
  },
  copy: () => ({ weir: 1, dialect: "ir", nodes: [], edges: [] }),
  offers: [],
  shapeOf: () => "task",
  task: () => undefined,
  keepsPositions: false,
  wraps: [],
};
