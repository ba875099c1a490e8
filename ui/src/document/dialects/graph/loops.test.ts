import { expect, test } from "vitest";
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
  ["nothing", "s:trigger a b", "s>a a>b", {}],
];

test.each(CASES)("%s", (_name, nodes, wires, owned) => {
  const found = owners(
    nodes.split(" ").map((one) => ({ key: one.split(":")[0] ?? "", type: one.split(":")[1] ?? "activity" })),
    wires.split(" ").map((one) => {
      const [, source = "", target = "", handle] = /^(\w+)>(\w+)(?::(\w+))?$/.exec(one) ?? [];
      return { source, target, ...(handle ? { handle } : {}) };
    }),
  );
  expect(Object.fromEntries(found)).toEqual(owned);
});
