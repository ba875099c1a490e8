import { expect, test } from "vitest";
import { within } from "./within";

test.each([
  [undefined, "/"],
  ["/flows?text=a", "/flows?text=a"],
  ["//elsewhere.example", "/"],
  ["/\\elsewhere.example", "/"],
  ["https://elsewhere.example", "/"],
  ["javascript:alert(1)", "/"],
])("%s", (address, expected) => expect(within(address)).toBe(expected));
