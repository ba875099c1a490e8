import { expect, test } from "vitest";
import { columnsOf, formsOf, schemaOf } from "./forms";

test("a list of records is a table too, of all the members its records have", () => {
  expect(formsOf([{ a: 1 }, { b: 2, a: 3 }])).toEqual(["tree", "table", "json", "schema"]);
  expect(columnsOf([{ a: 1 }, { b: 2, a: 3 }])).toEqual(["a", "b"]);
  expect(formsOf({ a: [] })).toEqual(["tree", "json", "schema"]);
  expect(columnsOf([{ a: 1 }, 2])).toEqual([]);
  expect([formsOf("text"), formsOf(null), formsOf(3), formsOf([])].map((forms) => forms.length)).toEqual([0, 0, 0, 3]);
});

test("a schema names each part by the expression that gives it", () => {
  const parts = schemaOf({ order: { id: 7, lines: [{ name: "lamp" }, { "unit price": 2.5 }], none: null, tags: ["a"] } }, "nodes.read.output");
  expect(parts.map(({ path, depth, sort }) => `${" ".repeat(depth)}${path}: ${sort}`)).toEqual([
    "nodes.read.output.order: object",
    " nodes.read.output.order.id: number",
    " nodes.read.output.order.lines: list of objects",
    '  nodes.read.output.order.lines[0]["unit price"]: number',
    "  nodes.read.output.order.lines[0].name: string",
    " nodes.read.output.order.none: nothing",
    " nodes.read.output.order.tags: list of strings",
  ]);
});
