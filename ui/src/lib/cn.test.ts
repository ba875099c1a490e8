import { expect, test } from "vitest";
import { cn } from "./cn";

test("of two classes that set the same thing the later one holds", () => {
  expect(cn("px-2 text-muted", false, "px-4")).toBe("text-muted px-4");
  expect(cn("text-sm text-ink", "text-muted")).toBe("text-sm text-muted");
});
