import { expect, test } from "vitest";
import { blocksOf, spansOf } from "./blocks";

test("paragraphs, headings, lists and code", () => {
  const text = "One\ntwo.\n\n    weir run\n\n    weir stop\n\n## More\n- a\n  b\n- c\n\n```yaml\nx: 1\n\ny: 2\n```\nEnd";
  expect(blocksOf(text)).toEqual([
    { kind: "text", text: "One two." },
    { kind: "code", text: "weir run\n\nweir stop" },
    { kind: "heading", text: "More" },
    { kind: "item", text: "a b" },
    { kind: "item", text: "c" },
    { kind: "code", text: "x: 1\n\ny: 2" },
    { kind: "text", text: "End" },
  ]);
});

test("code within a line, and the words of links", () => {
  expect(spansOf("Look at `undo` in [this](x.md).")).toEqual([
    { text: "Look at ", code: false },
    { text: "undo", code: true },
    { text: " in this.", code: false },
  ]);
});
