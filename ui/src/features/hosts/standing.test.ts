import { expect, test } from "vitest";
import { codeOf, standing } from "./standing";

test("a host that was not heard of is silent, whatever it said last", () => {
  expect(standing("running", { silent: false })).toBe("running");
  expect(standing("stopped", { silent: false })).toBe("stopped");
  for (const state of ["starting", "running", "failed"] as const) expect(standing(state, { silent: true })).toBe("silent");
});

test("code is told with what it still has to end", () => {
  expect(codeOf({ finishing: [] })).toBe("none yet");
  expect(codeOf({ compilation: 3, finishing: [] })).toBe("3");
  expect(codeOf({ compilation: 3, finishing: [1, 2] })).toBe("3, 1, 2 until its runs have ended");
  expect(codeOf({ finishing: [2] })).toBe("none, 2 until its runs have ended");
});
