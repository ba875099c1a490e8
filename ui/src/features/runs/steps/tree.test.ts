import { expect, test } from "vitest";
import { causeOf, nameOf, type Step, tree, turnsOf } from "./tree";

const step = (path: string, more: Partial<Step> = {}): Step => ({ path, kind: "mock", title: path, region: false, status: "succeeded", attempts: 1, output: null, ...more });

test("steps stand below the regions they are in", () => {
  const steps = [step("flow"), step("flow/each"), step("flow/each[0]/a"), step("flow/each[1]/a"), step("flow/b"), step("other/x")];
  const lines = (closed?: Set<string>) => tree(steps, closed).map(({ step, depth, children }) => `${depth} ${step.path} ${children}`);
  expect(lines()).toEqual(["0 flow 2", "1 flow/each 2", "2 flow/each[0]/a 0", "2 flow/each[1]/a 0", "1 flow/b 0", "0 other/x 0"]);
  expect(lines(new Set(["flow/each"]))).toEqual(["0 flow 2", "1 flow/each 2", "1 flow/b 0", "0 other/x 0"]);
  expect(lines(new Set(["flow"]))).toEqual(["0 flow 2", "0 other/x 0"]);
});

test("a path is named by its end", () => {
  expect(nameOf("a/b[2]/c[0]")).toBe("c");
  expect(turnsOf("a/b[2]/c[0]")).toBe("[2] [0]");
});

test("the cause is the step the run names, else a leaf that failed", () => {
  const steps = [step("f", { status: "failed", region: true }), step("f/a", { status: "failed" }), step("f/b", { status: "failed" })];
  expect(causeOf(steps, "f/b")?.path).toBe("f/b");
  expect(causeOf(steps, undefined)?.path).toBe("f/a");
  expect(causeOf(steps, "f/none")?.path).toBe("f/a");
  expect(causeOf([step("f")], "f")).toBeUndefined();
});
