// @vitest-environment happy-dom
import { renderHook } from "@testing-library/react";
import { expect, test } from "vitest";
import type { Json } from "@/document";
import { useKept } from "./state";

test.each<[kept: string, otherwise: Json, found: Json]>([
  ['["a"]', [], ["a"]],
  ['{"a":1}', [], []],
  ["[1]", {}, {}],
  ['"tall"', "wide", "tall"],
  ["7", "wide", "wide"],
  ["null", [], []],
  ["{", [], []],
])("what is kept as %s counts only where such a value is wanted", (kept, otherwise, found) => {
  localStorage.setItem("weir.test", kept);
  expect(renderHook(() => useKept("weir.test", otherwise)).result.current[0]).toEqual(found);
});
