import { afterEach, beforeEach, expect, test } from "vitest";
import { addDays, dayName, dayNamed, daysOf, dueByDay, moved, startOfDay, startOfWeek } from "./days";

const before = process.env.TZ;
beforeEach(() => {
  process.env.TZ = "Europe/Berlin";
});
afterEach(() => {
  process.env.TZ = before;
});

const at = (text: string) => new Date(text).getTime();

test("a week begins on Monday, on Sundays too", () => {
  expect(dayName(startOfWeek(at("2026-11-29T12:00:00")))).toBe("2026-11-23");
  expect(dayName(startOfWeek(at("2026-11-23T00:00:00")))).toBe("2026-11-23");
});

test("a month is shown in whole weeks, and all of it", () => {
  const days = daysOf("month", at("2026-11-15T12:00:00")).map(dayName);
  expect([days[0], days.at(-1), days.length]).toEqual(["2026-10-26", "2026-12-06", 42]);
  expect(daysOf("month", at("2027-02-10T12:00:00"))).toHaveLength(28);
});

test("a day on which clocks change is one day", () => {
  const days = daysOf("week", at("2026-10-25T12:00:00"));
  expect(days.map(dayName)).toEqual(["2026-10-19", "2026-10-20", "2026-10-21", "2026-10-22", "2026-10-23", "2026-10-24", "2026-10-25"]);
  expect(dayName(addDays(at("2026-10-25T00:00:00"), 1))).toBe("2026-10-26");
});

test("one moves by weeks and by months", () => {
  expect(dayName(moved("week", at("2026-11-29T12:00:00"), 1))).toBe("2026-11-30");
  expect(dayName(moved("month", at("2026-01-31T12:00:00"), 1))).toBe("2026-02-01");
  expect(dayName(moved("month", at("2026-01-31T12:00:00"), -1))).toBe("2025-12-01");
});

test.each([
  ["2026-02-29", undefined],
  ["2026-2-9", undefined],
  ["", undefined],
])("%j is no day", (name, day) => {
  expect(dayNamed(name)).toBe(day);
});

test("a day is found by its name", () => {
  expect(dayNamed("2026-03-29")).toBe(startOfDay(at("2026-03-29T15:00:00")));
});

test("many ticks of a schedule on a day are one line", () => {
  const tick = (time: string, trigger: string) => ({ at: new Date(time).toISOString(), flow: "f", flowName: "F", trigger, triggerName: trigger, running: true });
  const due = dueByDay([tick("2026-11-28T00:30:00", "a"), tick("2026-11-28T09:00:00", "b"), tick("2026-11-28T12:30:00", "a"), tick("2026-11-29T00:30:00", "a")]);
  const first = due.get(at("2026-11-28T00:00:00")) ?? [];
  expect(first.map(({ first: { trigger }, count }) => [trigger, count])).toEqual([
    ["a", 2],
    ["b", 1],
  ]);
  expect(due.get(at("2026-11-29T00:00:00"))).toHaveLength(1);
});
