import * as fc from "fast-check";
import { expect, test } from "vitest";
import { differences } from "./diff";

test.each([
  [{ a: 1 }, { a: 1 }, []],
  [{ a: 1 }, { a: 2 }, [{ path: "a", kind: "changed", before: 1, after: 2 }]],
  [{ a: { b: [1, 2] } }, { a: { b: [1, 3, 4] } }, [{ path: "a.b[1]", kind: "changed", before: 2, after: 3 }, { path: "a.b[2]", kind: "added", after: 4 }]],
  [{ "x-y": null }, {}, [{ path: '["x-y"]', kind: "removed", before: null }]],
  [[], {}, [{ path: "", kind: "changed", before: [], after: {} }]],
  [{ a: null }, { a: {} }, [{ path: "a", kind: "changed", before: null, after: {} }]],
])("%j and %j differ by %j", (before, after, expected) => {
  expect(differences(before, after)).toEqual(expected);
});

test("nothing differs from itself, and both ways differ alike", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      expect(differences(a, structuredClone(a))).toEqual([]);
      expect(differences(a, b)).toHaveLength(differences(b, a).length);
    }),
  );
});

test("only so many are told", () => {
  const many = Array.from({ length: 50 }, (_, at) => at);
  expect(differences([], many, 10)).toHaveLength(10);
});
