import { expect, test } from "vitest";
import { FlowDocument } from "./document";

const TREE = "type: Sequence\nid: t\nchildren:\n  - {type: PrintAction, id: a, props: {message: a}}\n";
const named = (title: string, id = "n") => ({ do: "note" as const, id, note: { x: 0, y: 0, width: 1, height: 1, text: title, color: "plain" as const } });

test("several commands of which one is refused leave the history as it was", () => {
  const document = new FlowDocument("flow.yaml", TREE);
  document.run(named("first"), 0);
  document.run(named("second", "m"), 5000);
  document.undo();
  const before = document.state.canvas;
  // The first of them would be one with what was done just before.
  const outcome = document.runAll([named("third"), named("fourth", "o"), { do: "rename", key: "nowhere", title: "x" }], 500);
  expect(outcome.refused).toBeDefined();
  expect(document.state.canvas).toEqual(before);
  expect(document.canRedo).toBe(true);
  document.redo();
  expect(Object.keys(document.state.canvas.notes)).toEqual(["n", "m"]);
  document.undo();
  document.undo();
  expect(document.state.canvas.notes).toEqual({});
  expect(document.canUndo).toBe(false);
});

test("several commands are undone at once", () => {
  const document = new FlowDocument("flow.yaml", TREE);
  document.run(named("first"), 0);
  document.runAll([named("second", "m"), { do: "set", key: "t/a", path: ["props", "message"], value: "b" }], 5000);
  document.undo();
  expect(document.state.text).toBe(TREE);
  expect(Object.keys(document.state.canvas.notes)).toEqual(["n"]);
});

test("what several commands cost does not grow with the history", () => {
  const document = new FlowDocument("flow.yaml", "");
  for (let at = 0; at < 20_000; at++) document.run(named(String(at), String(at % 3)), at * 5000);
  const began = performance.now();
  for (let at = 0; at < 20_000; at++) document.runAll([named(String(at))], 1e9 + at * 5000);
  // Where all of the history is copied each time, it takes minutes.
  expect(performance.now() - began).toBeLessThan(10_000);
});
