import { expect, test } from "vitest";
import type { Step } from "../steps/tree";
import { waits } from "./waits";

const step = (path: string, waiting?: string): Step => ({ path, kind: "wait", title: `The ${path}`, region: false, status: "waiting", attempts: 1, output: null, ...(waiting ? { waiting } : {}) });

test.each([
  [[], undefined, [step("f/a", "signal draft")], [{ sort: "signal", path: "f/a", title: "The f/a", name: "draft" }]],
  [["signal approve:f/m", "timer"], undefined, [step("f/m", "signal approve:f/m")], [{ sort: "approval", path: "f/m", title: "The f/m", name: "approve:f/m" }]],
  [["timer"], "1970-01-01T00:00:05Z", [], [{ sort: "timer", path: "", title: "", name: "", until: 5_000 }]],
  [["decision f/a"], undefined, [step("f/a")], [{ sort: "decision", path: "f/a", title: "The f/a", name: "" }]],
  [["retry f/a"], undefined, [step("f/a")], [{ sort: "retry", path: "f/a", title: "The f/a", name: "", until: 9, attempt: 2, why: "503" }]],
  [["child f/a"], undefined, [step("f/a")], [{ sort: "child", path: "f/a", title: "The f/a", name: "" }]],
])("%j until %s", (waiting, wakeAt, steps, expected) => {
  const attempts = [{ at: "", path: "f/a", attempt: 2, code: "X", message: "503", next: 9 }];
  expect(waits({ waiting, ...(wakeAt ? { wakeAt } : {}) }, steps, attempts)).toEqual(expected);
});
