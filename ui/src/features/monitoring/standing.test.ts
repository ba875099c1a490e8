import { expect, test } from "vitest";
import { countOf, SHOWN, shownOf, sorted } from "./standing";

const flow = (name: string, status: string, asleep = false) => ({ name, status: { status, asleep } });
const FLOWS = [flow("d", "stopped"), flow("c", "running", true), flow("b", "running"), flow("a", "running"), flow("e", "error"), flow("f", "starting")];

test("what needs somebody comes first", () => {
  expect(sorted(FLOWS).map(({ name }) => name)).toEqual(["e", "a", "b", "f", "c", "d"]);
});

test("every flow is in one state, and all together", () => {
  const counts = Object.fromEntries(SHOWN.map(({ value }) => [value, countOf(FLOWS, value)]));
  expect(counts).toEqual({ all: 6, error: 1, on: 3, asleep: 1, off: 1 });
  expect(shownOf(FLOWS, "asleep").map(({ name }) => name)).toEqual(["c"]);
});
