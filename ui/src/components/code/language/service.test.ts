import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ExpressionService } from "./service";
import { expressionAt, expressionsIn } from "./template";

const service = new ExpressionService(readFileSync(new URL("../../../catalog/expressions.txt", import.meta.url), "utf8"));
const NAMES = `
declare const input: { readonly order: {
  /** Its number. */
  readonly id: string; readonly lines?: { readonly price: number; readonly name: string }[]; }; readonly state: "open" | "done"; };
declare const nodes: { readonly "fetch-user": { readonly output: any; }; };
declare const secrets: { readonly token: Secret; readonly [name: string]: any; };
declare const now: number;
`;

/** The place is where the bar stands. */
const at = (written: string, open = false) => ({ names: NAMES, open, expression: written.replace("|", ""), at: Math.max(0, written.indexOf("|")) });
const labels = (written: string) => service.complete(at(written)).map((one) => one.label);
const wrong = (written: string, open = false) => {
  const asked = at(written, open);
  return service.wrong(asked).map((one) => `${asked.expression.slice(one.from, one.to)}: ${one.message}`);
};

describe("types of expressions", () => {
  it.each([
    ["input.order.i|d", "id: string", "Its number."],
    ["input.order.lines.map(l => l.pri|ce)", "price: number", ""],
    ["input.order.lines.map(line => line|.price)", "line: {\n    price: number;\n    name: string;\n}", ""],
    ["input.sta|te", 'state: "open" | "done"', ""],
    ["'a'.toUpper|Case()", "String.toUpperCase(): string", "In capital letters."],
    ["[...'a'.split(''), 1].at|(0)", "Array<string | number>.at(index: number): string | number | undefined", "What stands at a place; -1 is the last one."],
    ["Math.ma|x(1, 2)", "max(...numbers: number[]): number", "The largest."],
  ])("are told of %s", (written, type, docs) => {
    expect(service.hover(at(written))).toMatchObject({ type, docs });
  });

  it("are offered with what can be called, and nothing else of JavaScript", () => {
    expect(labels("input.|")).toEqual(["order", "state"]);
    expect(labels("input.order.lines.map(l => l.|)")).toEqual(["name", "price"]);
    expect(labels("'a'.|")).toEqual(expect.arrayContaining(["padStart", "length"]));
    expect(labels("'a'.|")).not.toContain("localeCompare");
    const roots = labels("|");
    expect(roots).toEqual(expect.arrayContaining(["input", "nodes", "now", "Math", "JSON", "true"]));
    expect(roots.filter((name) => /^(class|await|function|globalThis|Secret|Date|RegExp|Function)$/.test(name))).toEqual([]);
  });

  it("know names that cannot stand behind a dot", () => {
    const [first] = service.complete(at("nodes.|"));
    expect(first).toMatchObject({ label: "fetch-user", insert: '["fetch-user"]', from: 5 });
  });

  it("say what a function takes", () => {
    expect(service.signature(at("'a'.padStart(3, |)"))).toMatchObject({ label: "padStart(length: number, filler?: string): string", active: 1, parameters: ["length: number", "filler?: string"] });
  });

  it.each([
    ["inptu.x", ["inptu: there is nothing named `inptu` here; did you mean `input`?"]],
    ["input.odrer", ["odrer: an object has no member `odrer`; did you mean `order`?"]],
    ["'a'.localeCompare('b')", ["localeCompare: `\"a\"` has no member `localeCompare`"]],
    ["'a'.repeat('b')", ["'b': `string` is given where `number` is wanted"]],
    ["input.order - 1", ["input.order: a number is wanted here; another value is read as one, or gives NaN"]],
    ["new Date()", ["Date: there is nothing named `Date` here"]],
  ])("find what is wrong in %s", (written, expected) => {
    expect(wrong(written)).toEqual(expected);
  });

  it.each([
    "input.order.lines.filter(({ price }) => price > 1).map(l => `${l.name}: ${l.price.toFixed(2)}`).join()",
    "input.order.lines?.[0]?.name ?? 'none'",
    "input.order.lines.reduce((sum, line) => sum + line.price, 0)",
    "Object.entries(input.order).map(([key, value]) => key.length)",
    "{ ...input.order, at: now, token: 'Bearer ' + secrets.token }",
    "input.order.lines.toSorted((a, b) => a.price - b.price)[0].price",
    "nodes['fetch-user'].output.whatever.deep",
    "['a', 'b'].map(String).concat('c', ['d'])",
    "typeof input.order === 'object' && 'id' in input.order ? 2 ** 3 : -1 % 2",
    "[1, [2]].flat().includes(2) && Object.fromEntries([['a', 1]]).a",
    "input.order.lines.length > 0 ? [1, 2].with(0, 3) : []",
    "JSON.parse(JSON.stringify(input, null, 2)).order.id",
    "input.state == 'open' ? 1 : 'b' + 2",
  ])("have nothing against %s", (written) => {
    expect(wrong(written)).toEqual([]);
  });

  it("leave unknown names alone where there may be others", () => {
    expect(wrong("whoever", true)).toEqual([]);
  });
});

describe("JSON of a type", () => {
  const json = (written: string) => ({ ...at(written), wanted: "typeof input" });

  it("has its members offered, and its values", () => {
    expect(service.complete(json('{"|"}')).map((one) => one.label)).toEqual(["order", "state"]);
    expect(service.complete(json("{|}")).map((one) => one.label)).toEqual(["order", "state"]);
    expect(service.complete(json('{"state": |}')).map((one) => one.label)).toEqual(expect.arrayContaining(['"done"', '"open"']));
  });

  it.each([
    ['{"order": {"id": "a"}, "state": "open"}', []],
    ['{"order": {"id": "a"}}', ["`state` is missing"]],
    ["{}", ["`order, state` is missing"]],
    ['{"order": {"id": 1}, "state": "open"}', ["`number` is given where `string` is wanted"]],
    ['{"order": {"id": "a", "ids": 1}, "state": "open"}', ["there is no member `ids`"]],
    ['{"order": {"id": "a"}, "state": "shut"}', ["`\"shut\"` is given where `\"open\" | \"done\"` is wanted"]],
  ])("is held against it: %s", (written, expected) => {
    expect(service.wrong(json(written)).map((one) => one.message)).toEqual(expected);
  });
});

describe("expressions of a text", () => {
  it.each([
    ["a {{ b }} c {{ d }}", [" b ", " d "]],
    ["{{ {a: {b: 1}} }}", [" {a: {b: 1}} "]],
    ["{{ '}}' }} {{ x", [" '}}' ", " x"]],
    ["\\{{ no }} {{ yes }}", [" yes "]],
    ["{{ 'half }} {{ b }}", [" 'half ", " b "]],
    ["none", []],
  ])("of %s", (text, expected) => {
    expect(expressionsIn(text).map(({ from, to }) => text.slice(from, to))).toEqual(expected);
  });

  it("are found around a place", () => {
    expect(expressionAt("a {{ b }}", 5, false)).toEqual({ from: 4, to: 7 });
    expect(expressionAt("a {{ b }}", 1, false)).toBeUndefined();
    expect(expressionAt("a > 1", 1, true)).toEqual({ from: 0, to: 5 });
  });
});
