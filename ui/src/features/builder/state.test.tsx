// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, renderHook } from "@testing-library/react";
import type { ReactNode } from "react";
import { expect, test, vi } from "vitest";
import type { Json } from "@/document";
import type { Flow } from "./draft";
import { stepsOf, useBuilder, useKept } from "./state";

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

const NODES = [["start", "trigger"], ["each", "loop"], ["work", "activity"], ["end", "end"]].map(([id, type]) => ({ id, type, data: {} }));
const EDGES = [["start", "each"], ["each", "work"], ["work", "each"], ["each", "end"]].map(([source, target]) => ({ id: `${source}-${target}`, source, target }));
const FLOW = { id: "f", name: "f", title: "f", project: "p", revision: 1, canvas: null, files: [{ name: "flow.json", text: JSON.stringify({ name: "f", nodes: NODES, edges: EDGES }) }] } as unknown as Flow;

function opened() {
  vi.stubGlobal("fetch", () => Promise.reject(new Error("no answer")));
  const client = new QueryClient();
  const wrapper = ({ children }: { children: ReactNode }) => <QueryClientProvider client={client}>{children}</QueryClientProvider>;
  return renderHook(() => useBuilder(FLOW), { wrapper }).result;
}

test("a step that is gone to is shown, whatever hid it", () => {
  localStorage.setItem("weir.folded.f", '["each"]');
  const builder = opened();
  expect(builder.current.shown.nodes.map(({ key }) => key)).toEqual(["start", "each", "end"]);
  act(() => builder.current.select(["work"]));
  expect(builder.current.shown.nodes.map(({ key }) => key)).toContain("work");
  expect(stepsOf(builder.current)).toEqual(["work"]);
});

test("what is hidden is not selected", () => {
  localStorage.removeItem("weir.folded.f");
  const builder = opened();
  act(() => builder.current.select(["each", "work", "edge:each-work", "note:n"]));
  expect(stepsOf(builder.current)).toEqual(["each", "work"]);
  act(() => builder.current.toggle("each"));
  expect([...builder.current.selected]).toEqual(["each", "note:n"]);
});
