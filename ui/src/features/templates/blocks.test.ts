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

test("strong and other words, links into the web, and numbered lists", () => {
  expect(spansOf("**Never** on a *Friday*, see [the rota](https://example.com/rota); my_own_name and 2 * 3 * 4 stay.")).toEqual([
    { text: "Never", code: false, look: "strong" },
    { text: " on a ", code: false },
    { text: "Friday", code: false, look: "em" },
    { text: ", see ", code: false },
    { text: "the rota", code: false, href: "https://example.com/rota" },
    { text: "; my_own_name and 2 * 3 * 4 stay.", code: false },
  ]);
  expect(spansOf("[x](javascript:alert(1))")[0]).not.toHaveProperty("href");
  expect(blocksOf("1. a\n2. b")).toEqual([{ kind: "item", text: "a", number: "1" }, { kind: "item", text: "b", number: "2" }]);
});
