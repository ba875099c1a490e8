import { expect, test } from "vitest";
import { level, share } from "./level";

test.each([
  [{ used: 5 }, 0, "free"],
  [{ used: 5, limit: null }, 0, "free"],
  [{ used: 5, limit: 10 }, 0.5, "free"],
  [{ used: 8, limit: 10 }, 0.8, "near"],
  [{ used: 10, limit: 10 }, 1, "full"],
  [{ used: 12, limit: 10 }, 1.2, "full"],
  [{ used: 0, limit: 0 }, 1, "full"],
] as const)("%j", (used, part, at) => {
  expect(share(used)).toBeCloseTo(part);
  expect(level(used)).toBe(at);
});
