import { expect, test } from "vitest";
import { nearest, whereTo } from "./walk";

test("the nearest part is found", () => {
  expect([-5, 10, 16, 24, 99].map((time) => nearest([10, 20, 30], time))).toEqual([0, 0, 1, 1, 2]);
  expect(nearest([], 7)).toBe(0);
});

test.each([
  ["ArrowRight", 3, 4],
  ["ArrowRight", 9, 9],
  ["ArrowLeft", 0, 0],
  ["ArrowLeft", 10, 9],
  ["PageUp", 3, 9],
  ["PageDown", 12, 2],
  ["Home", 5, 0],
  ["End", 5, 9],
  ["x", 5, undefined],
])("%s from part %s of ten", (key, now, expected) => expect(whereTo(key, now, 9)).toBe(expected));
