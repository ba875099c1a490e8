import { expect, test } from "vitest";
import { nameFrom } from "./name";

test.each([
  ["Order intake", "order-intake"],
  ["  Überprüfung №3 ", "uberprufung-no3"],
  ["3 things", "flow-3-things"],
  ["طلب", "flow"],
  ["a".repeat(300), "a".repeat(60)],
])("%s", (title, expected) => expect(nameFrom(title)).toBe(expected));
