import { expect, test } from "vitest";
import { asked, isFiltered, readSearch } from "./search";

const NOW = Date.parse("2026-01-02T00:00:00Z");

test.each([
  [{}, {}],
  [{ status: "failed,timed_out" }, { status: "failed,timed_out" }],
  [{ status: "failed,no-such" }, {}],
  [{ text: 12, other: "x" }, { text: "12" }],
  [{ since: "day" }, { since: "day" }],
  [{ since: "yesterday" }, {}],
  [{ until: "2026-01-01T10:00" }, { until: "2026-01-01T10:00" }],
  [{ flow: ["a"] }, {}],
])("an address %o is read as %o", (search, expected) => {
  expect(readSearch(search)).toEqual(expected);
  expect(isFiltered(readSearch(search))).toBe(Object.keys(expected).length > 0);
});

test("how far back is told from now", () => {
  expect(asked({ since: "day", status: "failed" }, "demo", NOW)).toEqual({ status: "failed", project: "demo", since: "2026-01-01T00:00:00.000Z" });
  expect(asked({ since: "2026-01-01T10:00:00Z" }, "", NOW)).toEqual({ since: "2026-01-01T10:00:00.000Z" });
});
