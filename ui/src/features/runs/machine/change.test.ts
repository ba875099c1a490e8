import { expect, test } from "vitest";
import { type Change, forkOf, NO_CHANGE } from "./change";

const of = (change: Partial<Change>) => forkOf(3, { ...NO_CHANGE, ...change }, true);
const base = { at: 3, dryRun: true };

test.each<[Partial<Change>, object]>([
  [{}, { body: base }],
  [{ sort: "value", name: "input.good", value: "true" }, { body: { ...base, set: { "input.good": true } } }],
  [{ sort: "value", name: "good", value: "true" }, { wrong: "Name the value: input.NAME or vars.NAME." }],
  [{ sort: "value", name: "vars.a", value: "{" }, { wrong: expect.stringContaining("This is not JSON") }],
  [{ sort: "event", event: '{"type":"signal","name":"go"}' }, { body: { ...base, event: { type: "signal", name: "go" } } }],
  [{ sort: "event", event: "7" }, { wrong: 'An event is an object with a "type".' }],
  [{ sort: "decision", step: "f/a", output: "{}" }, { body: { ...base, event: { type: "override", path: "f/a", output: {} } } }],
  [{ sort: "decision", step: "f/a", ended: "error", code: "X", message: "m" }, { body: { ...base, event: { type: "override", path: "f/a", error: { code: "X", category: "verdict", message: "m" } } } }],
  [{ sort: "decision" }, { wrong: "Choose the step that is decided about." }],
])("%o becomes %o", (change, expected) => {
  expect(of(change)).toEqual(expected);
});
