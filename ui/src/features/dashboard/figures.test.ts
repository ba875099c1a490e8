import { expect, test } from "vitest";
import { figuresOf, rate } from "./figures";
import { used } from "./latency-map";

test.each([
  [12.34, "12.3/s"],
  [0.5, "30.0/min"],
  [0.001, "3.6/h"],
])("%s runs a second", (perSecond, expected) => expect(rate(perSecond)).toBe(expected));

const nothing = {
  since: "2026-01-01T00:00:00Z",
  until: "2026-01-02T00:00:00Z",
  totalRuns: 0,
  successRate: 0,
  avgDuration: 0,
  p50Duration: 0,
  p95Duration: 0,
  p99Duration: 0,
  maxDuration: 0,
  totalCost: 0,
  topErrors: [],
  slowestNodes: [],
  bucket: 60,
  series: [],
  heatmap: { classes: [], rows: [] },
  read: { runs: 0, journals: 0, sampled: false, exact: true },
};

test("without runs no rate is claimed", () => {
  const shown = Object.fromEntries(figuresOf(nothing).map(({ label, value }) => [label, value]));
  expect(shown).toMatchObject({ "Success rate": "–", Runs: "0", p50: "–", Cost: "–" });
});

test("a low rate is told by more than its colour, and only where it is low", () => {
  expect(figuresOf({ ...nothing, totalRuns: 10, successRate: 1 })[0]?.tone).toBeUndefined();
  expect(figuresOf({ ...nothing, totalRuns: 10, successRate: 0.5 })[0]).toMatchObject({ tone: "bad", value: "50.0 %" });
});

test("the map shows the classes there are runs in, and their neighbours", () => {
  const { classes, rows } = used([10, 20, 30, 40, 50, 60, 70], [[0, 0, 3, 0, 0, 0, 0, 0], [0, 0, 0, 1, 0, 0, 0, 0]]);
  expect(classes).toEqual(["≤ 20 ms", "≤ 30 ms", "≤ 40 ms", "≤ 50 ms"]);
  expect(rows).toEqual([[0, 3, 0, 0], [0, 0, 1, 0]]);
});
