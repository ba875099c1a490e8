import { expect, test } from "vitest";
import { lineAt, problemsOf } from "./problems";

test("places are counted in bytes", () => {
  expect(lineAt("ä\nb\n", 3)).toBe(2);
  expect(lineAt("ä\nb\n", 2)).toBe(1);
});

test("a problem is told with its file and line", () => {
  const files = [{ name: "a.yaml", text: "x" }, { name: "b.yaml", text: "1\n2\n3" }];
  const found = problemsOf([{ code: "X", severity: "warning", message: "m", help: "h", span: { file: 1, start: 4 } }, { code: "Y", message: "n" }], ["a.yaml", "b.yaml"], files);
  expect(found).toEqual([
    { code: "X", severity: "warning", message: "m", help: "h", file: "b.yaml", line: 3 },
    { code: "Y", severity: "error", message: "n", file: "a.yaml" },
  ]);
});
