import * as fc from "fast-check";
import { expect, test } from "vitest";
import { place, stretches } from "./scale";

test("a long wait is folded, a short one is not", () => {
  const busy = [{ from: 0, to: 100 }, { from: 3_600_100, to: 3_600_200 }];
  const parts = stretches(busy, { from: 0, to: 3_600_200 });
  expect(parts.map(({ folded }) => folded)).toEqual([false, true, false]);
  expect(place(parts, 100)).toBeGreaterThan(0.4);
  expect(stretches([{ from: 0, to: 400 }, { from: 500, to: 900 }], { from: 0, to: 900 })).toHaveLength(1);
  expect(stretches(busy, { from: 0, to: 3_600_200 }, false)).toHaveLength(1);
});

test("nothing at all is one stretch", () => {
  expect(stretches([], { from: 5, to: 5 })).toMatchObject([{ folded: false, start: 0, end: 1 }]);
});

test("places keep the order of times, and cover all of the line", () => {
  const span = fc.tuple(fc.nat(100_000), fc.nat(5_000)).map(([from, length]) => ({ from, to: from + length }));
  fc.assert(
    fc.property(fc.array(span, { maxLength: 12 }), (busy) => {
      const whole = { from: 0, to: Math.max(1, ...busy.map(({ to }) => to)) };
      const parts = stretches(busy, whole);
      expect(place(parts, whole.from)).toBeCloseTo(0);
      expect(place(parts, whole.to)).toBeCloseTo(1);
      const times = busy.flatMap(({ from, to }) => [from, to]).sort((a, b) => a - b);
      const places = times.map((time) => place(parts, time));
      expect([...places].sort((a, b) => a - b)).toEqual(places);
    }),
  );
});
