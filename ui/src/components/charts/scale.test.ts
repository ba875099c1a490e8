import { expect, test } from "vitest";
import { labelled, marks } from "./scale";

test.each([
  [0, [0, 1]],
  [1, [0, 1]],
  [3, [0, 1, 2, 3]],
  [9, [0, 5, 10]],
  [10, [0, 5, 10]],
  [90, [0, 50, 100]],
  [1_234, [0, 500, 1_000, 1_500]],
])("marks up to %s", (most, expected) => expect(marks(most)).toEqual(expected));

test("marks reach what they measure and are never fractions", () => {
  for (let most = 0; most < 5_000; most += 7) {
    const all = marks(most);
    expect(all.at(-1)).toBeGreaterThanOrEqual(most);
    expect(all.every(Number.isInteger)).toBe(true);
    expect(all.length).toBeLessThanOrEqual(7);
  }
});

test("labels keep their distance", () => {
  expect(labelled(48, 8)).toEqual([0, 6, 12, 18, 24, 30, 36, 42]);
  expect(labelled(3, 8)).toEqual([0, 1, 2]);
  expect(labelled(0, 8)).toEqual([]);
});
