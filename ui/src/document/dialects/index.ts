import type { Dialect } from "./dialect";
import { graph } from "./graph";
import { ir } from "./ir";
import { organism } from "./organism";
import { tree } from "./tree";
import type { TextNode } from "../text/node";

/** In the order they are tried on a text; a tree where none fits better. */
const DIALECTS: readonly Dialect[] = [
  ir,
  organism,
  graph,
  tree,
];

export const dialectOf = (doc: TextNode | undefined): Dialect => DIALECTS.find((dialect) => doc && dialect.fits(doc)) ?? tree;

export const dialectNamed = (name: string): Dialect | undefined => DIALECTS.find((dialect) => dialect.name === name);
