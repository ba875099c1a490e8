import { expect, test } from "vitest";
import { bucketOf, zoomOf } from "./data";

test("an address that names no time names no part of it", () => {
  const day = "2026-01-02T00:00:00.000Z";
  for (const [since, until] of [[undefined, day], [day, "yesterday"], [day, day], [day, "2026-01-01T00:00:00Z"], [7, day]]) expect(zoomOf(since, until)).toBeUndefined();
  expect(zoomOf("2026-01-01T00:00:00Z", day)).toEqual({ since: "2026-01-01T00:00:00.000Z", until: day });
});

test("what is too short to show anything is widened", () => {
  expect(zoomOf("2026-01-01T00:00:10Z", "2026-01-01T00:00:12Z")).toEqual({ since: "2026-01-01T00:00:06.000Z", until: "2026-01-01T00:00:16.000Z" });
});

test.each([
  [10, 1],
  [60, 1],
  [61, 2],
  [3_600, 60],
  [86_400, 1_800],
  [2_592_000, 43_200],
  [31_536_000, 525_600],
])("%s seconds are shown in parts of %s", (length, expected) => {
  const since = "2026-01-01T00:00:00Z";
  expect(bucketOf({ since, until: new Date(Date.parse(since) + length * 1_000).toISOString() })).toBe(expected);
});
