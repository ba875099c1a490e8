import { expect, test } from "vitest";
import { FlowDocument } from "@/document";
import { type Aimed, entriesOf, type Facts } from "./menu-entries";

const step = (id: string, type: string, data: object = {}) => ({ id, type, position: { x: 0, y: 0 }, data });
const edge = (source: string, target: string) => ({ id: `${source}-${target}`, source, target });
const GRAPH = JSON.stringify({
  name: "g",
  nodes: [step("start", "trigger"), step("hello", "activity", { activityName: "print", config: { message: "hi" } }), step("bye", "activity", { activityName: "print", disabled: true }), step("stop", "end")],
  edges: [edge("start", "hello"), edge("hello", "bye"), edge("bye", "stop")],
});
const TREE = "type: Sequence\nid: t\nchildren:\n  - {type: Sequence, id: inner, children: [{type: PrintAction, id: a, props: {message: a}}]}\n";

function offered(name: string, text: string, aimed: Aimed, keys: string[], more: Partial<Facts> = {}): string {
  const document = new FlowDocument(name, text);
  const { state } = document;
  const found = entriesOf(aimed, { document, state, projection: state.projection, steps: [], collapsed: new Set(), keys, edge: undefined, pins: {}, ...more });
  return found.map((part) => part.map(({ id }) => id).join(" ")).filter(Boolean).join(" | ");
}

const of = (...keys: string[]) => offered("flow.json", GRAPH, "steps", keys);

test("a step is offered what can be done with it, and no more", () => {
  expect(of("hello")).toBe("canvas-open | test-step run-to run-from | add connect rename disable | cut copy duplicate | extract | delete delete-join");
  // It decides where a run goes, nothing leads to it, and there is one of it.
  expect(of("start")).toBe("canvas-open | test-step run-to run-from | add connect rename | cut copy | delete");
  expect(of("stop")).toBe("canvas-open | test-step run-to run-from | rename | cut copy duplicate | delete");
});

test("several steps are offered what is done with all of them", () => {
  expect(of("hello", "bye")).toBe("disable | cut copy duplicate | group extract | delete delete-join");
  const document = new FlowDocument("flow.json", GRAPH);
  document.run({ do: "group", id: "one", group: { title: "One", nodes: ["hello"] } }, 0);
  expect(offered("flow.json", GRAPH, "steps", ["hello", "bye"], { document, state: document.state })).toContain("group rename-group ungroup extract");
});

test("what is pinned is unpinned, what gave something can be", () => {
  const titles = (more: Partial<Facts>) => {
    const document = new FlowDocument("flow.json", GRAPH);
    const { state } = document;
    return entriesOf("steps", { document, state, projection: state.projection, steps: [], collapsed: new Set(), keys: ["hello"], edge: undefined, pins: {}, ...more }).flat().map(({ title }) => title);
  };
  expect(titles({})).not.toContain("Pin the output");
  expect(titles({ steps: [{ path: "g/hello[2]", status: "succeeded" }] as unknown as Facts["steps"] })).toContain("Pin the output");
  expect(titles({ pins: { hello: 1 } })).toContain("Unpin the output");
  expect(titles({ keys: ["bye"] })).toContain("Enable");
});

test("the first step of a tree stays, and hides what is inside", () => {
  const tree = (key: string) => offered("flow.yaml", TREE, "steps", [key]);
  const { projection } = new FlowDocument("flow.yaml", TREE).state;
  const [root = "", inner = "", leaf = ""] = projection.nodes.map(({ key }) => key);
  expect(tree(root)).toBe("canvas-open | test-step run-to run-from | add connect rename | copy | fold");
  expect(tree(inner)).toBe("canvas-open | test-step run-to run-from | add connect rename disable | cut copy duplicate | extract fold | delete delete-join");
  expect(tree(leaf)).not.toContain("fold");
});

test("an edge of a tree takes a step, but is not cut", () => {
  expect(offered("flow.json", GRAPH, "edge", [], { edge: "start-hello" })).toBe("add delete");
  const [line] = new FlowDocument("flow.yaml", TREE).state.projection.edges;
  expect(offered("flow.yaml", TREE, "edge", [], { edge: line?.key })).toBe("add");
});

test("on the empty canvas things are put where it was clicked, as far as the text can be read", () => {
  expect(offered("flow.json", GRAPH, "canvas", [])).toBe("add note paste | select-all | tidy fit");
  expect(offered("flow.yaml", TREE, "canvas", [])).toBe("add note paste | select-all | tidy fit fold-all");
  expect(offered("flow.json", '{"name": "g", "nodes": [], "edges": []}', "canvas", [])).toBe("add note paste");
  const broken = new FlowDocument("flow.json", GRAPH);
  broken.type("{", 0);
  const facts = { document: broken, state: broken.state };
  expect(offered("flow.json", GRAPH, "canvas", [], facts)).toBe("note | select-all | fit");
  expect(offered("flow.json", GRAPH, "steps", ["hello"], facts)).toBe("canvas-open | copy");
});

test("to ask what could be done changes nothing", () => {
  const document = new FlowDocument("flow.json", GRAPH);
  const before = document.state;
  expect(document.refusal({ do: "disable", keys: ["start"], disabled: true })).toContain("decides where a run goes");
  expect(document.refusal({ do: "delete", keys: ["hello"] })).toBeUndefined();
  expect(document.state).toBe(before);
  expect(document.canUndo).toBe(false);
});
