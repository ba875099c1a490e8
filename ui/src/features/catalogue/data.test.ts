import { expect, test } from "vitest";
import { byCategory, matching } from "./data";

const kind = (name: string, category: string, rest = {}) => ({ name, category, title: name, summary: "", vendor: "core", runnable: true, takes: {}, gives: {}, ...rest });

test("what is unknown comes last, under its own word", () => {
  const sorted = byCategory([kind("a", "quantum"), kind("b", "testing"), kind("c", "integration"), kind("d", "integration")]);
  expect(sorted.map(([heading, kinds]) => [heading, kinds.map(({ name }) => name)])).toEqual([
    ["Connections", ["c", "d"]],
    ["Testing", ["b"]],
    ["quantum", ["a"]],
  ]);
});

test("a kind is found by every name it has", () => {
  const kinds = [kind("http.request", "integration", { tree: "HttpRequest", aliases: ["fetch"] }), kind("print", "data")];
  expect(matching(kinds, "fetch").map(({ name }) => name)).toEqual(["http.request"]);
  expect(matching(kinds, "httprequest").map(({ name }) => name)).toEqual(["http.request"]);
  expect(matching(kinds, "http print")).toEqual([]);
  expect(matching(kinds, " ").length).toBe(2);
});
