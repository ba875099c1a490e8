import { expect, test } from "vitest";
import { isWhole, type View } from "./view";

const BOX = { x: 0, y: 0, width: 400, height: 200 };
const view = (x: number, y: number, zoom: number): View => ({ x, y, zoom, width: 800, height: 600 });

test.each<[string, View, boolean]>([
  ["in the middle", view(200, 200, 1), true],
  ["at the edge", view(0, 0, 1), true],
  ["half outside", view(-300, 200, 1), false],
  ["too large", view(0, 0, 2.5), false],
  ["so small that it is lost", view(390, 290, 0.1), false],
  ["a little smaller than it could be", view(200, 200, 0.8), true],
])("%s", (_, seen, whole) => {
  expect(isWhole(BOX, seen, 0.08)).toBe(whole);
});

test("what no zoom can show whole is shown from its middle", () => {
  const box = { x: 0, y: 0, width: 40_000, height: 200 };
  expect(isWhole(box, { ...view(400 - 1600, 300 - 8, 0.08) }, 0.08)).toBe(true);
  expect(isWhole(box, { ...view(0, 0, 0.08) }, 0.08)).toBe(false);
});
