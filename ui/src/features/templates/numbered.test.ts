import { expect, test } from "vitest";
import { firstFree, numbered } from "./numbered";

test("the first name that is free", () => {
  expect(firstFree("order", new Set())).toBe(1);
  expect(firstFree("order", new Set(["order", "order-2", "order-4"]))).toBe(3);
  expect(numbered("Order", 1, " ")).toBe("Order");
  expect(numbered("Order", 3, " ")).toBe("Order 3");
});
