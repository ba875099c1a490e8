import { expect, test } from "vitest";
import type { TextDocuments } from "./node";
import { Remembered } from "./remembered";

const counting = () => {
  const asked: string[] = [];
  const read = (source: string): TextDocuments => {
    asked.push(source);
    return { docs: [], problems: [] };
  };
  return { asked, read };
};

test("a text is read once while it is among the newest", () => {
  const { asked, read } = counting();
  const remembered = new Remembered();
  expect(remembered.of("a", read)).toBe(remembered.of("a", read));
  expect(asked).toEqual(["a"]);
});

test("the oldest go first, by number and by length", () => {
  const { asked, read } = counting();
  const remembered = new Remembered();
  for (let at = 0; at < 100; at++) {
    remembered.of("kept", read);
    remembered.of(`text ${at}`, read);
  }
  expect(remembered.size).toBeLessThan(100);
  expect(asked.filter((text) => text === "kept")).toHaveLength(1);
  remembered.of("x".repeat(1_999_999), read);
  expect(remembered.size).toBe(1);
  remembered.of("y".repeat(3_000_000), read);
  expect(remembered.size).toBe(1);
});
