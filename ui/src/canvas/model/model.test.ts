import { expect, test } from "vitest";
import { FlowDocument, handleOf } from "@/document";
import { examples } from "../../../test/flows";
import { framesOf } from "./frames";
import { align, HEIGHT, placeAll, tidy, visible, WIDTH } from "./layout";
import { outline } from "./outline";
import { edgeStates, statesOf } from "./steps";
import { named, nearest, related } from "./walk";

const open = (name: string) => {
  const flow = examples().find((one) => one.name.includes(`/${name}/flow`));
  return new FlowDocument(flow?.name ?? "", flow?.text ?? "").state.projection;
};
const none = { positions: {}, notes: {}, groups: {} };

test.each(["order-process", "invoice-import", "support-desk", "tour-decorators"])("no two nodes of %s lie on one another", (name) => {
  const projection = open(name);
  const places = [...tidy(projection, projection).values()];
  for (const [at, a] of places.entries()) {
    for (const b of places.slice(at + 1)) expect(Math.abs(a.x - b.x) >= WIDTH || Math.abs(a.y - b.y) >= HEIGHT).toBe(true);
  }
});

test("a collapsed node hides what is in it", () => {
  const projection = open("order-process");
  const shown = visible(projection, new Set(["order-process/pay"]));
  expect(shown.nodes.some((node) => node.key === "order-process/pay")).toBe(true);
  expect(shown.nodes.some((node) => node.key.startsWith("order-process/pay/"))).toBe(false);
});

test("what a collapsed retry tried still leads to what follows", () => {
  const nodes = [["start", "trigger"], ["again", "retry"], ["work", "activity"], ["next", "end"], ["mend", "activity"]].map(([id, type]) => ({ id, type, data: {} }));
  const edges = [["start", "again"], ["again", "work"], ["work", "next"], ["work", "mend", "error"]].map(([source, target, sourceHandle]) => ({ id: `${source}>${target}`, source, target, ...(sourceHandle ? { sourceHandle } : {}) }));
  const { projection } = new FlowDocument("flow.json", JSON.stringify({ name: "retried", nodes, edges })).state;
  const shown = visible(projection, new Set(["again"]));
  expect(shown.edges.map(({ key, source, target, ways }) => [key, source, target, ways?.[0]])).toEqual([
    ["start>again", "start", "again", "out"],
    ["work>next", "again", "next", "out"],
    ["work>mend", "again", "mend", "error"],
  ]);
});

test("places of a graph are those of its text; a tree's are computed, or a person's own", () => {
  const graph = open("invoice-import");
  expect(placeAll(graph, graph, none).get("each")).toEqual({ x: 240, y: 0 });
  const tree = open("order-process");
  const own = { ...none, positions: { "order-process/done": { x: 5, y: 6 } } };
  expect(placeAll(tree, tree, own).get("order-process/done")).toEqual({ x: 5, y: 6 });
});

test("arrow keys go to the nearest node in their direction", () => {
  const graph = open("invoice-import");
  const places = placeAll(graph, graph, none);
  expect(nearest(places, "start", "right")).toBe("each");
  expect(nearest(places, "read", "right")).toBe("book");
  expect(nearest(places, "start", "left")).toBeUndefined();
});

test("what comes before and after is found", () => {
  const graph = open("invoice-import");
  expect(related(graph, ["done"], "before")).toContain("start");
  expect(related(graph, ["start"], "before")).toEqual(["start"]);
  expect(named(graph, "book")[0]?.id).toBe("book");
});

test("steps of a run are found in the drawing", () => {
  const graph = open("invoice-import");
  const states = statesOf(graph, [
    { path: "main/each[0]/body/read", status: "succeeded" },
    { path: "main/each[1]/body/read", status: "failed", error: { message: "no" } },
    { path: "main/each[2]/body/read", status: "skipped" },
  ]);
  expect(states.get("read")).toEqual({ status: "failed", path: "main/each[1]/body/read", count: 2, detail: "no", left: { out: { times: 1 }, error: { times: 1 } } });
  const tree = open("order-process");
  expect(statesOf(tree, [{ path: "order-process/pay/payment/charge", status: "running" }]).has("order-process/pay/payment/charge")).toBe(true);
});

test("nodes are lined up and set apart evenly", () => {
  const places = new Map([["a", { x: 0, y: 9 }], ["b", { x: 50, y: 0 }], ["c", { x: 300, y: 4 }]]);
  expect(align(places, ["a", "b", "c"], "top")).toEqual({ a: { x: 0, y: 0 }, b: { x: 50, y: 0 }, c: { x: 300, y: 0 } });
  expect(align(places, ["a", "b", "c"], "across").b).toEqual({ x: 150, y: 0 });
});

test("the list of a graph's steps goes along its edges, and has every step once", () => {
  const graph = open("invoice-import");
  const keys = outline(graph).map(({ node }) => node.key);
  expect([...keys].sort()).toEqual(graph.nodes.map((node) => node.key).sort());
  expect(keys[0]).toBe(graph.nodes.find((node) => node.type === "trigger")?.key);
  expect(outline({ ...graph, nodes: [...graph.nodes].reverse() }).map(({ node }) => node.key)[0]).toBe(keys[0]);
});

test("what stands in a step of a graph is listed right behind it", () => {
  const { dialect, edges, nodes } = open("invoice-import");
  const rows = outline({ dialect, edges, nodes });
  for (const [at, { node, depth }] of rows.entries()) {
    const before = rows.slice(0, at).findLast((row) => row.depth < depth)?.node.key;
    expect(before).toBe(node.parent);
  }
  expect(rows.some(({ depth }) => depth > 0)).toBe(true);
  const lost = nodes.map((node) => ({ ...node, parent: nodes[0]?.key ?? "" }));
  expect(outline({ dialect, edges, nodes: lost })).toHaveLength(nodes.length);
});

test("the list of a tree's steps is that of its text, deeper where they stand in others", () => {
  const rows = outline(open("order-process"));
  expect(rows[0]?.depth).toBe(0);
  expect(rows.find(({ node }) => node.key === "order-process/pay")?.depth).toBe(1);
});

test("the frame of a loop encloses that of a loop within it", () => {
  const node = (id: string, type: string, x: number, y: number) => ({ id, type, position: { x, y }, data: { label: id } });
  const edges = ["start>outer", "outer>inner:body", "inner>work:body", "work>inner", "inner>outer:done"].map((edge, at) => {
    const [, source, target, sourceHandle] = /^(\w+)>(\w+)(?::(\w+))?$/.exec(edge) ?? [];
    return { id: `e${at}`, source, target, sourceHandle };
  });
  const nodes = [node("start", "trigger", 0, 0), node("outer", "loop", 240, 0), node("inner", "loop", 480, 0), node("work", "activity", 900, -400)];
  const { projection } = new FlowDocument("flow.json", JSON.stringify({ name: "nested", nodes, edges })).state;
  const places = placeAll(projection, projection, none);
  const [outer, inner] = framesOf(projection, projection, {}, (key) => places.get(key));
  expect([outer?.title, outer?.keys, inner?.title, inner?.keys]).toEqual(["outer: repeated", ["inner", "work"], "inner: repeated", ["work"]]);
  expect(outer && inner && outer.box.x < inner.box.x && outer.box.y < inner.box.y && outer.box.x + outer.box.width > inner.box.x + inner.box.width).toBe(true);
});

test("a frame around very many steps is found at once", () => {
  const { projection } = new FlowDocument("flow.json", JSON.stringify({ name: "wide", nodes: [{ id: "each", type: "loop", data: {} }], edges: [] })).state;
  const [each] = projection.nodes;
  if (!each) throw new Error("the loop is not there");
  const nodes = [each, ...Array.from({ length: 40_000 }, (_, at) => ({ ...each, key: `step-${at}`, region: at % 2 === 0, parent: "each" }))];
  const began = performance.now();
  const [frame, ...inner] = framesOf(projection, { nodes }, {}, () => ({ x: 0, y: 0 }));
  const took = performance.now() - began;
  expect([frame?.keys.length, inner.length]).toEqual([40_000, 0]);
  // Where lists are copied for each step, and all steps are searched for each region, it takes minutes.
  expect(took).toBeLessThan(20_000);
});

test("an edge that was gone along says how often, or how much; one beside it says nothing", () => {
  const nodes = [["start", "trigger"], ["each", "loop"], ["work", "activity"], ["large", "condition"], ["yes", "end"], ["no", "end"]].map(([id = "", type = ""]) => ({ id, type, position: { x: 0, y: 0 }, data: { label: id } }));
  const edges = ["start>each", "each>work", "work>each", "each>large", "large>yes:true", "large>no:false", "large>yes:false"].map((edge, at) => {
    const [, source, target, sourceHandle] = /^(\w+)>(\w+)(?::(\w+))?$/.exec(edge) ?? [];
    return { id: edge.replace(/:/, "-") || `e${at}`, source, target, ...(sourceHandle ? { sourceHandle } : {}) };
  });
  const { projection } = new FlowDocument("flow.json", JSON.stringify({ name: "counted", nodes, edges })).state;
  const states = statesOf(projection, [
    { path: "main/start", status: "succeeded", output: { a: 1 } },
    { path: "main/each", status: "succeeded", handle: "done", output: [1, 2] },
    { path: "main/each[0]/body", status: "succeeded" },
    { path: "main/each[0]/body/work", status: "succeeded", output: 1 },
    { path: "main/each[1]/body", status: "succeeded" },
    { path: "main/each[1]/body/work", status: "succeeded", output: 2 },
    { path: "main/large", status: "succeeded", handle: "true" },
    { path: "main/yes", status: "running" },
    { path: "main/no", status: "skipped" },
  ]);
  expect(states.get("each")?.count).toBe(1);
  const of = edgeStates(projection, states);
  const went = Object.fromEntries(projection.edges.map((edge) => [edge.key, of(edge)]));
  expect(went).toEqual({
    "start>each": { times: 1, busy: false },
    "each>work": { times: 2, busy: false },
    "work>each": { times: 2, busy: false },
    "each>large": { times: 1, items: 2, busy: false },
    "large>yes-true": { times: 1, busy: true },
    "large>no-false": undefined,
    "large>yes-false": undefined,
  });
});

test("an edge is found by the handle that the server takes it for, however it is written", () => {
  const types = { start: "trigger", bad: "activity", ask: "condition", by: "condition", each: "condition", again: "retry", work: "activity", okay: "approval", end: "end" };
  const more: { [id: string]: object } = {
    bad: { onError: "continue" },
    by: { config: { truePath: "each", falsePath: ["end"] } },
    each: { config: { cases: [{ value: 1, name: "one" }], default: "rest" } },
  };
  const nodes = Object.entries(types).map(([id, type]) => ({ id, type, position: { x: 0, y: 0 }, data: { label: id, ...more[id] } }));
  const edges = [
    ["start", "bad", { sourceHandle: "right" }],
    ["bad", "ask", { sourceHandle: "source" }],
    ["ask", "by", { label: "Yes" }],
    ["ask", "end", { sourceHandle: "False" }],
    ["by", "each", {}],
    ["by", "end", { sourceHandle: "default" }],
    ["each", "again", { source_handle: "ONE" }],
    ["each", "end", { label: "rest" }],
    ["again", "work", {}],
    ["again", "okay", { sourceHandle: "done" }],
    ["okay", "end", { sourceHandle: "approved" }],
  ].map(([source, target, how]) => ({ id: `${String(source)}>${String(target)}`, source, target, ...(how as object) }));
  const { projection } = new FlowDocument("flow.json", JSON.stringify({ name: "settled", nodes, edges })).state;
  const steps = [
    { path: "main/start", status: "succeeded" },
    { path: "main/bad", status: "failed" },
    { path: "main/ask", status: "succeeded", handle: "true" },
    { path: "main/by", status: "succeeded", handle: "true" },
    { path: "main/each", status: "succeeded", handle: "one" },
    { path: "main/again", status: "running" },
    { path: "main/again[0]/body", status: "failed" },
    { path: "main/again[0]/body/work", status: "failed" },
    { path: "main/again[1]/body", status: "running" },
    { path: "main/again[1]/body/work", status: "running" },
  ];
  const went = (steps: Parameters<typeof statesOf>[1]) => {
    const of = edgeStates(projection, statesOf(projection, steps));
    return Object.fromEntries(projection.edges.flatMap((edge) => (of(edge) ? [[edge.key, of(edge)?.times]] : [])));
  };
  const before = { "start>bad": 1, "bad>ask": 1, "ask>by": 1, "by>each": 1, "each>again": 1 };
  expect(went(steps)).toEqual({ ...before, "again>work": 2 });
  const over = steps.map((step) => (step.status === "running" ? { ...step, status: "succeeded" } : step));
  const last = [{ path: "main/okay", status: "succeeded" }, { path: "main/end", status: "succeeded" }];
  expect(went([...over, ...last])).toEqual({ ...before, "again>work": 2, "again>okay": 1, "okay>end": 1 });
  const drawn = projection.edges.map((edge) => `${edge.key}:${handleOf(projection, edge, projection.nodes.find(({ key }) => key === edge.source)?.handles ?? [])}`);
  expect(drawn).toEqual(["start>bad:out", "bad>ask:out", "ask>by:true", "ask>end:false", "by>each:true", "by>end:false", "each>again:one", "each>end:rest", "again>work:body", "again>okay:out", "okay>end:approved"]);
});
