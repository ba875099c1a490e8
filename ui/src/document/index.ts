/**
 * A flow while it is edited, without any framework: its text, what can be drawn of it, commands that patch the text,
 * and one history. Start with `FlowDocument`. A dialect is a folder in `dialects/` and its line in `dialects/index.ts`.
 */
export * from "./commands";
export { FlowDocument, type Outcome, type State } from "./document";
export { dialectNamed } from "./dialects";
export type { Dialect, Offer, TextCommand } from "./dialects/dialect";
export * from "./projection";
export { isMap, type Json, type JsonMap, type Path, type TextProblem } from "./text/node";
