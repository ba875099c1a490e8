import { expect, test } from "vitest";
import { exactJson } from "./exact";

test("a whole number that would lose digits is refused by name", () => {
  const wrong = ["9007199254740993", '{"id": [-9007199254740993]}', '["\\"", 18446744073709551617]'];
  for (const text of wrong) expect(() => exactJson(text)).toThrow(/^-?\d+ has more digits/);
  const right = ['"9007199254740993"', "9007199254740994", "23412623021158630", "0.12345678901234567890", '{"at": 1764429525000000}', "1.2345678901234567890e30"];
  for (const text of right) expect(exactJson(text)).toEqual(JSON.parse(text));
  expect(() => exactJson("{")).toThrow(SyntaxError);
});
