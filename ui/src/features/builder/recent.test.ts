// @vitest-environment happy-dom
import { beforeEach, expect, test } from "vitest";
import type { Choice } from "./offers";
import { noteAdded, recentFirst } from "./recent";

const choice = (id: string, group?: string) => ({ id, ...(group ? { group } : {}) }) as Choice;
const LIST = ["log", "print", "wait"].map((id) => choice(id));

beforeEach(() => localStorage.clear());

test("what was added last comes first, and is remembered", () => {
  expect(recentFirst(LIST)).toBe(LIST);
  for (const id of ["wait", "print", "gone", "wait"]) noteAdded(choice(id));
  expect(recentFirst(LIST).map(({ id, group }) => [id, group])).toEqual([["wait", "Added lately"], ["print", "Added lately"], ["log", "All steps"]]);
});

test("where there are headings already they stay, and what is kept elsewhere does no harm", () => {
  noteAdded(choice("wait"));
  const fitting = [choice("log", "Takes it"), choice("wait", "Other steps")];
  expect(recentFirst(fitting)).toBe(fitting);
  localStorage.setItem("weir.added", "{");
  expect(recentFirst(LIST)).toBe(LIST);
});
