import { expect, test } from "vitest";
import { TEMPLATES } from "./folders";
import { dialectOf, firstParagraph, templateFrom } from "./template";

test("every example becomes a template, but for the form under the dialects", () => {
  expect(TEMPLATES.length).toBeGreaterThan(15);
  expect(new Set(TEMPLATES.map((template) => template.dialect))).toEqual(new Set(["graph", "organism", "tree"]));
  for (const template of TEMPLATES) {
    expect(template.title).not.toBe("");
    expect(template.summary.length).toBeGreaterThan(20);
    expect(template.files[0]?.text).toBeTruthy();
  }
});

test("what a graph calls are flows of their own, what a tree takes in are its files", () => {
  const graph = templateFrom("a", { "flow.json": '{"nodes": []}', "score.yaml": "x", "input.json": "{}", "expected.json": "{}" });
  expect(graph?.calls.map(({ name }) => name)).toEqual(["score.yaml"]);
  expect(graph?.files.map(({ name }) => name)).toEqual(["flow.json"]);
  const tree = templateFrom("b", { "flow.yaml": "name: b\nroot: {}", "sign.yaml": "x", "fixed.yaml": "y" });
  expect(tree?.files.map(({ name }) => name)).toEqual(["flow.yaml", "sign.yaml"]);
  expect(templateFrom("c", { "README.md": "# C" })).toBeUndefined();
});

test.each([
  ['{"ir": 1}', "ir"],
  ['{"nodes": []}', "graph"],
  ["organism:\n  name: a", "organism"],
  ["# a comment\nname: a\nroot:", "tree"],
])("%s", (text, expected) => expect(dialectOf(text)).toBe(expected));

test("the first paragraph is neither the heading nor a command", () => {
  expect(firstParagraph("# A\n\n    weir run\n\nOne\n`two`.\n\nThree")).toBe("One two.");
  expect(firstParagraph("# A\nRight below.")).toBe("Right below.");
});
