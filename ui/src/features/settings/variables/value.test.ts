import { assert, jsonValue, property } from "fast-check";
import { expect, test } from "vitest";
import { formOf, read, short, written } from "./value";

test("every value is read as it was written", () => {
  assert(
    property(jsonValue(), (value) => {
      const plain = JSON.parse(JSON.stringify(value)) as unknown;
      expect(read(formOf(plain), written(plain))).toEqual({ value: plain });
    }),
  );
});

test.each([
  ["", /nothing at all/],
  ["{\n  a: 1}", /line 2, column 3/],
  ["[1,", /no JSON/],
])("%j is told apart from JSON", (text, told) => {
  expect(read("json", text)).toEqual({ problem: expect.stringMatching(told) });
});

test("a text that looks like JSON stays a text", () => {
  expect(read("text", "12")).toEqual({ value: "12" });
});

test("long values are cut", () => {
  expect(short("x".repeat(500))).toHaveLength(161);
  expect(short(null)).toBe("null");
});
