/** For tests: what can be done to a flow, made from numbers, and what must be true afterwards. */
import { array, assert, constantFrom, integer, nat, property, tuple } from "fast-check";
import { describe, expect, test } from "vitest";
import { type Command, FlowDocument, type Json } from "@/document";
import { type Example, examples } from "./flows";

type Seed = [which: number, a: number, b: number, value: Json];
type Deed = Command | "undo" | "redo" | "type";

/** Numbers from which a command is made for whatever there is at that moment. */
const seeds = array(tuple(nat(), nat(), nat(), constantFrom<Json>("plain", "a: b # c", "two\nlines\n", "{{ x }}", 7, true, null, { a: [1, "x"] }, [], {}, " edge ", "- x", "")), { minLength: 1, maxLength: 12 });

function commandFor(doc: FlowDocument, [which, a, b, value]: Seed): Deed {
  const { nodes, edges } = doc.state.projection;
  const key = nodes[a % Math.max(nodes.length, 1)]?.key ?? "none";
  const other = nodes[b % Math.max(nodes.length, 1)]?.key ?? "none";
  const edge = edges[b % Math.max(edges.length, 1)]?.key ?? "none";
  const node = doc.dialect.offers[b % doc.dialect.offers.length]?.node ?? { type: "x" };
  const task = doc.dialect.task({ name: "print", tree: "PrintAction", title: "Print" }) ?? node;
  const choices: Deed[] = [
    { do: "add", node, place: { after: key } },
    { do: "add", node: task, place: { edge } },
    { do: "add", node: task, place: { after: key, at: { x: a % 500, y: b % 500 } } },
    { do: "delete", keys: [key, other] },
    { do: "delete", keys: [key], reconnect: true },
    { do: "move", key, parent: other, index: b % 4 },
    { do: "connect", source: key, target: other },
    { do: "disconnect", edges: [edge] },
    { do: "rename", key, title: `Name ${a % 9}` },
    { do: "set", key, path: ["props", `p${b % 3}`], value },
    { do: "set", key, path: ["data", "config", "message"], value },
    { do: "set", key, path: ["props", "message"], value: undefined },
    { do: "set", key, path: ["description"], value },
    { do: "duplicate", keys: [key] },
    { do: "disable", keys: [key, other], disabled: a % 2 === 0 },
    { do: "paste", clip: doc.copy([key, other]), place: { after: key } },
    { do: "paste", clip: doc.copy([key, other]), place: { after: other }, joined: true },
    { do: "wrap", keys: [key], type: "Sequence" },
    { do: "extract", keys: [key], name: `part ${b % 3}` },
    { do: "position", moves: { [key]: { x: a % 999, y: b % 999 }, [other]: { x: 1, y: 2 } } },
    { do: "tidy", moves: Object.fromEntries(nodes.map((node, at) => [node.key, { x: at * 10, y: at }])) },
    { do: "note", id: `n${b % 2}`, note: a % 3 === 0 ? undefined : { x: a, y: b, width: 100, height: 80, text: String(value), color: "yellow" } },
    { do: "group", id: "g", group: a % 3 === 0 ? undefined : { title: "G", nodes: [key] } },
    "undo",
    "redo",
    "type",
  ];
  return choices[which % choices.length] ?? "undo";
}

function perform(doc: FlowDocument, seed: Seed, at: number): void {
  const command = commandFor(doc, seed);
  if (command === "undo") doc.undo();
  else if (command === "redo") doc.redo();
  else if (command === "type") doc.type(typed(doc.state.text, seed), at);
  else doc.run(command, at);
}

/** A line taken out or a letter put in: the text is often broken for a while. */
function typed(text: string, [, a, b]: Seed): string {
  const lines = text.split("\n");
  if (a % 2 === 0) lines.splice(b % lines.length, 1);
  else lines[b % lines.length] += "x";
  return lines.join("\n");
}

const content = (doc: FlowDocument) => JSON.stringify([doc.state.text, doc.state.canvas]);

/** Comments on lines of their own, in an order that does not depend on where they stand. */
const comments = (text: string): string[] => text.split("\n").map((line) => line.trim()).filter((line) => line.startsWith("# ")).sort();

const KEEPING = new Set(["add", "rename", "connect", "set", "disable", "duplicate", "paste", "position", "move"]);

/** Each dialect has a file of its own, so that they are tried at the same time. */
export function holdsForCommands(dialect: string): void {
  const start = examples().filter(({ name, text }) => new FlowDocument(name, text).state.projection.dialect === dialect);
  const one = (pick: number): Example => start[pick % start.length] as Example;

  describe.each([dialect])("%s", () => {
    test("1,000 random sequences of commands are undone to the identical document, and redone", () => {
      assert(
        property(nat(), seeds, constantFrom(0, 400, 5000), (pick, steps, gap) => {
          const { name, text } = one(pick);
          const doc = new FlowDocument(name, text);
          const before = content(doc);
          steps.forEach((seed, at) => perform(doc, seed, at * gap));
          while (doc.redo());
          const after = content(doc);
          while (doc.undo());
          expect(content(doc)).toBe(before);
          while (doc.redo());
          expect(content(doc)).toBe(after);
        }),
        { numRuns: 1000 },
      );
    }, 600_000);

    test("a command leaves a text that can be read, and every comment it does not take out", () => {
      assert(
        property(nat(), tuple(integer({ min: 0, max: 20 }), nat(), nat(), constantFrom<Json>("x", "a: b", 7)), (pick, seed) => {
          const { name, text } = one(pick);
          const doc = new FlowDocument(name, text);
          const command = commandFor(doc, seed);
          if (typeof command === "string") return;
          doc.run(command, 0);
          expect(doc.state.broken).toEqual([]);
          const keeps = KEEPING.has(command.do);
          expect(keeps ? comments(doc.state.text) : []).toEqual(keeps ? comments(text) : []);
        }),
        { numRuns: 1000 },
      );
    }, 600_000);
  });
}
