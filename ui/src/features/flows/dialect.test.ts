import { expect, test } from "vitest";
import { dialectOf } from "@/features/templates/template";
import { BLANK, DIALECTS } from "./dialect";

test.each(DIALECTS.map(({ value }) => value))("a new %s is one", (value) => {
  const text = BLANK[value]("first");
  expect(dialectOf(text)).toBe(value);
  expect(text).toContain("first");
});
