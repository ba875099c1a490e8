// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, renderHook } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, expect, test, vi } from "vitest";
import { toast } from "@/components/ui/toast";
import { useEdits } from "./actions";
import type { Flow } from "./draft";
import { useBuilder } from "./state";

afterEach(() => {
  localStorage.clear();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const NODES = [["start", "trigger"], ["outer", "loop"], ["inner", "retry"], ["work", "activity"], ["end", "end"]].map(([id, type]) => ({ id, type, position: { x: 0, y: 0 }, data: {} }));
const EDGES = [["start", "outer"], ["outer", "inner"], ["inner", "work"], ["work", "outer"], ["outer", "end"]].map(([source, target]) => ({ id: `${source}-${target}`, source, target }));
const GRAPH = JSON.stringify({ name: "f", nodes: NODES, edges: EDGES });
const TREE = "type: Sequence\nid: t\nchildren:\n  - {type: Sequence, id: inner, children: [{type: PrintAction, id: a, props: {message: a}}]}\n";

function opened(name: string, text: string) {
  vi.stubGlobal("fetch", () => Promise.reject(new Error("no answer")));
  const flow = { id: "f", name: "f", title: "f", project: "p", revision: 1, canvas: null, files: [{ name, text }] } as unknown as Flow;
  const client = new QueryClient();
  const wrapper = ({ children }: { children: ReactNode }) => <QueryClientProvider client={client}>{children}</QueryClientProvider>;
  const useBoth = () => {
    const builder = useBuilder(flow);
    return { builder, edits: useEdits(builder) };
  };
  return renderHook(useBoth, { wrapper }).result;
}

test("all that has others in it is hidden at once, and what was hidden stays so", () => {
  const graph = opened("flow.json", GRAPH);
  act(() => graph.current.edits.foldAll(true));
  expect([...graph.current.builder.collapsed].sort()).toEqual(["inner", "outer"]);
  act(() => graph.current.edits.foldAll(false));
  expect(graph.current.builder.collapsed.size).toBe(0);
  localStorage.clear();
  const tree = opened("flow.yaml", TREE);
  act(() => tree.current.edits.foldAll(true));
  expect([...tree.current.builder.collapsed]).toEqual(["t/inner"]);
  act(() => tree.current.builder.toggle("t"));
  act(() => tree.current.edits.foldAll(true));
  expect([...tree.current.builder.collapsed].sort()).toEqual(["t", "t/inner"]);
});

test("edges that are hidden are passed over", () => {
  const graph = opened("flow.json", GRAPH);
  act(() => graph.current.edits.foldAll(true));
  const gone = new Set<string>();
  for (let times = 0; times < 4; times += 1) {
    act(() => graph.current.edits.nextEdge());
    for (const key of graph.current.builder.selected) gone.add(key);
  }
  expect([...gone].sort()).toEqual(["edge:outer-end", "edge:start-outer"]);
  expect(graph.current.builder.collapsed.size).toBe(2);
});

test("a step that cannot be moved says why", () => {
  const say = vi.spyOn(toast, "say").mockImplementation(() => {});
  const graph = opened("flow.json", GRAPH);
  act(() => graph.current.builder.select(["start"]));
  act(() => graph.current.edits.nudge({ x: 10, y: 0 }));
  expect(graph.current.builder.places.get("start")).toEqual({ x: 10, y: 0 });
  act(() => graph.current.builder.document.type("{", Date.now()));
  act(() => graph.current.edits.nudge({ x: 10, y: 0 }));
  expect(say).toHaveBeenCalledExactlyOnceWith(expect.stringContaining("cannot be read"));
});
