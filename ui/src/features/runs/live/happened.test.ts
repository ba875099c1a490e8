import { expect, test } from "vitest";
import { add, isOver, NOTHING } from "./happened";

const record = (seq: number) => ({ event: "record", id: `r${seq}`, data: JSON.stringify({ seq, at: "2026-01-01T00:00:00Z", type: "task_finished", path: `flow/${seq}`, payload: {} }) });

test("a record that comes again after a break is there once, and none is missing", () => {
  const first = add(NOTHING, [record(1), record(2), record(3)]);
  const again = add(first, [record(2), record(3), record(4)]);
  expect(again.records.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
  expect(first.records).toHaveLength(3);
});

test("logs, attempts, parts and states are told apart", () => {
  const told = (event: string, data: object) => ({ event, data: JSON.stringify({ at: "2026-01-01T00:00:00Z", path: "flow/a", attempt: 1, ...data }) });
  const found = add(NOTHING, [
    told("log", { payload: { level: "warn", message: "careful" } }),
    told("attempt", { payload: { error: { code: "HTTP_STATUS", message: "503" }, nextAt: 1_000_000 } }),
    told("attempt", { payload: { error: { code: "HTTP_STATUS", message: "503" }, nextAt: null } }),
    told("stream", { payload: { index: 0, data: { text: "Hel" } } }),
    told("stream", { payload: { index: 1, data: "lo" } }),
    told("state", { status: "failed" }),
    { event: "problem", data: '"gone"' },
  ]);
  expect(found.logs).toMatchObject([{ level: "warn", message: "careful", path: "flow/a" }]);
  expect(found.attempts.map(({ next }) => next)).toEqual([1_000, undefined]);
  expect(found.parts).toEqual({ "flow/a": "Hello" });
  expect(isOver(found.status)).toBe(true);
  expect(isOver("waiting")).toBe(false);
});
