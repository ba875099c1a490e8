import { expect, test } from "vitest";
import { differences, readVersionSearch } from "./compared";

test("an address names a version, and another one; what names none is left out", () => {
  expect(readVersionSearch({ version: 3, with: "2" })).toEqual({ version: 3, with: 2 });
  expect(readVersionSearch({ version: "3" })).toEqual({ version: 3 });
  for (const version of [0, -1, 1.5, "x", {}, undefined]) expect(readVersionSearch({ version, with: 2 })).toEqual({});
  expect(readVersionSearch({ version: 3, with: "draft" })).toEqual({ version: 3 });
  // With itself there is nothing to compare.
  expect(readVersionSearch({ version: 3, with: 3 })).toEqual({ version: 3 });
});

test("all files are compared, and those of one side alone", () => {
  const file = (name: string, text: string) => ({ name, text });
  const before = [file("flow.yaml", "a"), file("same.ts", "x"), file("gone.ts", "y")];
  const after = [file("flow.yaml", "b"), file("same.ts", "x"), file("new.ts", "z")];
  expect(differences(before, before)).toEqual([]);
  expect(differences(before, after)).toEqual([
    { name: "flow.yaml", before: "a", after: "b" },
    { name: "gone.ts", before: "y", after: "" },
    { name: "new.ts", before: "", after: "z" },
  ]);
});
