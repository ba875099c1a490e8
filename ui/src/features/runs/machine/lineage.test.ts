import { expect, test } from "vitest";
import { branches } from "./lineage";

test("forks stand below the run they come from, in the order of its events", () => {
  const forks = [
    { run: "c", from: "a", seq: 2 },
    { run: "b", from: "a", seq: 5 },
    { run: "d", from: "c", seq: 1 },
    { run: "x", from: "elsewhere", seq: 1 },
  ];
  expect(branches("a", undefined, forks)).toEqual([
    { run: "a", depth: 0 },
    { run: "c", depth: 1, seq: 2 },
    { run: "d", depth: 2, seq: 1 },
    { run: "b", depth: 1, seq: 5 },
  ]);
  expect(branches("d", { run: "c", seq: 1 }, forks).map(({ run }) => run)).toEqual(["a", "c", "d", "b"]);
  expect(branches("z", { run: "old", seq: 3 }, [])).toEqual([{ run: "old", depth: 0 }, { run: "z", depth: 1, seq: 3 }]);
  expect(branches("alone", undefined, [])).toEqual([{ run: "alone", depth: 0 }]);
});
