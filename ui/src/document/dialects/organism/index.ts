import type { Dialect, Offer } from "../dialect";
import { get, type TextNode } from "../../text/node";
import { apply, copy } from "./commands";
import { project } from "./project";

const OFFERS: readonly Offer[] = [
  { node: { type: "agent", title: "agent", props: { agent: true, prompt: "Answer whoever asks." } }, title: "Agent", summary: "A model works through a prompt, with peers and tools.", category: "Listeners" },
  { node: { type: "listener", title: "listener", props: { description: "" } }, title: "Listener", summary: "Handles messages with what its handler is bound to.", category: "Listeners" },
  { node: { type: "gateway", title: "gateway", props: { remote_url: "wss://example.com" } }, title: "Gateway", summary: "Leads to another organism.", category: "Listeners" },
];

export const organism: Dialect = {
  name: "organism",
  fits: (doc: TextNode) => get(doc, "organism") !== undefined || (get(doc, "listeners") !== undefined && get(doc, "type") === undefined),
  project,
  apply,
  copy,
  offers: OFFERS,
  shapeOf: (type) => (type === "agent" ? "model" : type === "gateway" ? "output" : "code"),
  task: () => undefined,
  keepsPositions: false,
  wraps: [],
};
