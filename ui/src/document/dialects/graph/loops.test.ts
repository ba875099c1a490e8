import { expect, test } from "vitest";
import { FlowDocument } from "../../document";
import { owners } from "./loops";

type Row = [name: string, nodes: string, wires: string, owned: Record<string, string>];

/** Nodes as `id:type`, wires as `source>target:handle`. */
const CASES: Row[] = [
  ["a loop's body", "start:trigger each:loop work end", "start>each each>work work>each each>end", { work: "each" }],
  [
    "a loop in a loop, which leads back to the outer one when it is done",
    "start:trigger outer:loop prepare inner:loop work check end",
    "start>outer outer>prepare:body prepare>inner inner>work:body work>check check>inner inner>outer:done outer>end:done",
    { prepare: "outer", inner: "outer", work: "inner", check: "inner" },
  ],
  [
    "three deep",
    "s:trigger a:loop b:loop c:loop x",
    "s>a a>b:body b>c:body c>x:body x>c c>b:done b>a:done",
    { b: "a", c: "b", x: "c" },
  ],
  ["a loop that is entered from elsewhere as well owns nothing of that", "s:trigger a:loop x", "s>a s>x a>x x>a", {}],
  ["what leaves a loop is not in it", "s:trigger a:loop x out", "s>a a>x x>a x>out", { x: "a" }],
  ["a retry and the one step it stands before", "s:trigger again:retry work next", "s>again again>work work>next", { work: "again" }],
  ["a retry owns what is reached through its body alone", "s:trigger again:retry a b next", "s>again again>a:body a>b again>next:done", { a: "again", b: "again" }],
  ["a retry in a loop", "s:trigger l:loop again:retry a", "s>l l>again:body again>a a>l", { again: "l", a: "again" }],
  ["two loops that lead to each other, and nothing to them", "s:trigger a:loop b:loop", "a>b b>a", { b: "a" }],
  ["a retry that only says what follows owns all its other edges lead to", "s:trigger again:retry a b next", "s>again again>a again>b again>next:done", { a: "again", b: "again" }],
  ["a retry whose only edge is what follows", "s:trigger again:retry next", "s>again again>next:done", { next: "again" }],
  ["handles of drawing tools", "s:trigger again:retry a next", "s>again again>a:right a>next:source", { a: "again" }],
  ["a retry before a loop", "s:trigger again:retry l:loop a next", "s>again again>l l>a a>l l>next", { l: "again", a: "l" }],
  ["a retry that leads back to its loop", "s:trigger l:loop again:retry a", "s>l l>again again>a again>l a>l", { again: "l", a: "again" }],
  ["what follows the end of a run is in nothing", "s:trigger again:retry a:end b", "s>again again>a:body a>b", { a: "again" }],
  ["nothing", "s:trigger a b", "s>a a>b", {}],
];

const drawing = (nodes: string, wires: string) => ({
  nodes: nodes.split(" ").map((one) => ({ id: one.split(":")[0] ?? "", type: one.split(":")[1] ?? "activity" })),
  edges: wires.split(" ").map((one) => {
    const [, source = "", target = "", sourceHandle] = /^(\w+)>(\w+)(?::(\w+))?$/.exec(one) ?? [];
    return { id: one, source, target, ...(sourceHandle ? { sourceHandle } : {}) };
  }),
});

test.each(CASES)("%s", (_name, nodes, wires, owned) => {
  const { projection } = new FlowDocument("flow.json", JSON.stringify({ name: "flow", ...drawing(nodes, wires) })).state;
  expect(Object.fromEntries(projection.nodes.flatMap(({ key, parent }) => (parent === undefined ? [] : [[key, parent]])))).toEqual(owned);
});

test("owners of many steps are found at once", () => {
  const nodes = ["start:trigger"];
  const wires: string[] = [];
  for (let at = 0; at < 5000; at++) {
    nodes.push(`r${at}:retry`, `l${at}:loop`, `w${at}`);
    wires.push(`${at === 0 ? "start" : `l${at - 1}`}>r${at}`, `r${at}>l${at}`, `l${at}>w${at}`, `w${at}>l${at}`);
  }
  const { nodes: all, edges } = drawing(nodes.join(" "), wires.join(" "));
  const began = performance.now();
  const found = owners(all.map(({ id, type }) => ({ key: id, type })), edges.map(({ source, target }) => ({ source, target, ways: ["out"] })));
  const took = performance.now() - began;
  expect(found.size).toBe(10_000);
  // Where each loop and retry walks through all of it, it takes a hundred times as long.
  expect(took).toBeLessThan(6000);
});
