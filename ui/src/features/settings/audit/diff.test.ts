import { assert, jsonValue, property } from "fast-check";
import { expect, test } from "vitest";
import { differences } from "./diff";

test("only what differs is told, where it is", () => {
  expect(differences({ role: "editor", settings: { a: 1, b: [1] } }, { role: "admin", settings: { a: 1, b: [1, 2] }, extra: true })).toEqual([
    { path: "extra", after: "true" },
    { path: "role", before: '"editor"', after: '"admin"' },
    { path: "settings.b", before: "[\n  1\n]", after: "[\n  1,\n  2\n]" },
  ]);
});

test("what was made and what was deleted is told whole", () => {
  expect(differences(null, { name: "x", on: false })).toEqual([
    { path: "name", after: '"x"' },
    { path: "on", after: "false" },
  ]);
  expect(differences({ name: "x" }, null)).toEqual([{ path: "name", before: '"x"' }]);
  expect(differences(null, null)).toEqual([]);
});

test("nothing differs from itself, and order does not matter", () => {
  assert(
    property(jsonValue(), (value) => {
      expect(differences(value, JSON.parse(JSON.stringify(value)))).toEqual([]);
    }),
  );
});
