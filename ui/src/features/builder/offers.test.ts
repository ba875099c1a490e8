import { expect, test } from "vitest";
import { type Choice, fittingFirst, searchChoices } from "./offers";

const choice = (title: string, takes?: Choice["takes"]): Choice => ({ id: title, title, summary: "", category: "Data", words: "", node: { type: title }, ...(takes ? { takes } : {}) });
const CHOICES = [choice("Extend", { value: "string" }), choice("End"), choice("Send", { amount: "integer" })];

test("those that take what is given come first, under a heading, exact ones before the others", () => {
  const sorted = fittingFirst(CHOICES, { status: "integer", data: "any" }, "Ask");
  expect(sorted.map(({ title, group }) => `${title}: ${group}`)).toEqual(["Send: Takes what Ask gives", "Extend: Takes what Ask gives", "End: Other steps"]);
  expect(sorted[0]?.summary).toContain("status → amount");
});

test("a name that is typed wins over what fits, without headings", () => {
  const found = searchChoices(fittingFirst(CHOICES, { status: "integer", data: "any" }, "Ask"), "end");
  expect(found.map(({ title, group }) => [title, group])).toEqual([["End", undefined], ["Send", undefined], ["Extend", undefined]]);
});

test("without words all are there, as they were", () => {
  expect(searchChoices(CHOICES, "  ")).toEqual(CHOICES);
});
