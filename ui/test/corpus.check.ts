import { expect, test } from "vitest";
import { holdsForDrawing } from "./drawing";
import { corpus } from "./flows";

test("there are flows to be tried", () => {
  expect(corpus().length).toBeGreaterThan(0);
});

holdsForDrawing(corpus());
