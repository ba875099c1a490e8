import { expect, test } from "vitest";
import { ago, amount, bytes, duration, money, percent } from "./time";

test.each([
  [0, "0 ms"],
  [0.4, "< 1 ms"],
  [12.3, "12 ms"],
  [999.4, "999 ms"],
  [3_400, "3.4 s"],
  [59_400, "59 s"],
  [125_000, "2 min 5 s"],
  [120_000, "2 min"],
  [3_840_000, "1 h 4 min"],
  [266_400_000, "3 d 2 h"],
  [undefined, "–"],
  [Number.NaN, "–"],
])("duration %s", (millis, expected) => expect(duration(millis)).toBe(expected));

test.each([
  [-3_000, "just now"],
  [-45_000, "45 s ago"],
  [-300_000, "5 min ago"],
  [7_200_000, "in 2 h"],
  [-3 * 86_400_000, "3 d ago"],
])("ago %s", (off, expected) => expect(ago(1_800_000_000_000 + off, 1_800_000_000_000)).toBe(expected));

test("what is not quite all never reads as all", () => {
  expect(percent(0.99999)).toBe("99.9 %");
  expect(percent(1)).toBe("100 %");
  expect(percent(0)).toBe("0 %");
  expect(percent(0.4567)).toBe("45.7 %");
});

test("amounts", () => {
  expect(amount(12_400)).toBe("12.4 k");
  expect(amount(3_100_000)).toBe("3.1 M");
  expect(money(0.00123)).toBe("0.00123");
  expect(money(12.345)).toBe("12.35");
  expect(bytes(5_242_880)).toBe("5.0 MiB");
});
