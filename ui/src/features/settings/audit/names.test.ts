import { expect, test } from "vitest";
import type { Entry } from "./data";
import { namesOf } from "./names";

const entry = (action: string, target: string, after: object | null = null, before: object | null = null): Entry => ({ id: 1, at: "2026-01-01T00:00:00Z", who: "a", from: "", action, target, before, after }) as never;
const shown = (entries: Entry[], known = new Map<string, string>()) => [...namesOf(entries, known)].map(([id, { text, gone }]) => `${id}: ${text}${gone ? ", deleted" : ""}`);

test("what is changed has the name it has now, else the newest it had, else its id", () => {
  const entries = [entry("deployment.changed", "f1"), entry("flow.changed", "f1", { name: "old" }), entry("flow.changed", "f2", { title: "New title", name: "n" }), entry("flow.changed", "f2", { title: "Old title" }), entry("run.fixed", "r1")];
  expect(shown(entries, new Map([["f1", "Orders"]]))).toEqual(["f1: Orders", "f2: New title", "r1: r1"]);
});

test("what is deleted keeps its name and says so, and what was made again does not", () => {
  expect(shown([entry("key.deleted", "k1"), entry("key.created", "k1", { name: "Robot" })])).toEqual(["k1: Robot, deleted"]);
  expect(shown([entry("secret.created", "s"), entry("secret.deleted", "s")])).toEqual(["s: s"]);
});

test("a version is called after its flow, and what came back is not gone", () => {
  const entries = [entry("flow.restored", "f", { name: "picky" }), entry("flow.deleted", "f"), entry("version.created", "v", { flow: "f", number: 2 })];
  expect(shown(entries, new Map([["f", "Picky"]]))).toEqual(["f: Picky", "v: Picky, version 2"]);
  expect(shown(entries)).toEqual(["f: picky", "v: v"]);
});
