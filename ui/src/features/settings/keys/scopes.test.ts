import { expect, test } from "vitest";
import { expiry, SCOPES, scopesOf } from "./scopes";

test("what one may not do oneself is not offered", () => {
  const offered = scopesOf(["flows.read", "runs.start", "keys.own"]);
  expect(offered.map(({ label, scopes }) => [label, scopes.map(({ value }) => value)])).toEqual([
    ["Flows", ["flows.read"]],
    ["Runs", ["runs.start"]],
    ["Keys", ["keys.own"]],
  ]);
});

test("every scope is offered once", () => {
  const all = SCOPES.flatMap(({ scopes }) => scopes.map(({ value }) => value));
  expect(new Set(all).size).toBe(all.length);
  expect(all).toHaveLength(25);
});

test("a key ends after days, on a day, or never", () => {
  const now = Date.UTC(2026, 0, 1);
  expect(expiry("30", "", now)).toBe("2026-01-31T00:00:00.000Z");
  expect(expiry("date", "2026-02-03", now)).toBe(new Date("2026-02-03T23:59:59").toISOString());
  expect(expiry("date", "", now)).toBeUndefined();
  expect(expiry("", "", now)).toBeUndefined();
});
