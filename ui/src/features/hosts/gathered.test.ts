import { expect, test } from "vitest";
import type { Host } from "./data";
import { gathered, namesOf, pauseFor } from "./gathered";

const host = (name: string) => ({ name }) as Host;
const gone = new Error("gone");

test("a project that cannot be read hides nothing of the others", () => {
  const { hosts, unread } = gathered(["a", "b", "c"], [{ data: { items: [host("one")] }, error: null }, { data: undefined, error: gone }, { data: undefined, error: null }]);
  expect(hosts).toEqual([{ project: "a", host: host("one") }]);
  expect(unread).toEqual([{ project: "b", error: gone }]);
});

test("what was read before stays where asking again fails", () => {
  const { hosts, unread, more } = gathered(["a"], [{ data: { items: [host("one")], next: "x" }, error: gone }]);
  expect([hosts.length, unread.length, more]).toEqual([1, 0, true]);
});

test("however many projects there are, no more than half of one is asked about in a second", () => {
  expect([1, 5, 6, 200].map(pauseFor)).toEqual([10_000, 10_000, 12_000, 400_000]);
});

test("some projects are named, the rest are counted", () => {
  const of = (names: string) => namesOf([...names].map((project) => ({ project, error: gone })));
  expect([of("a"), of("abc"), of("abcde")]).toEqual(["a", "a, b, c", "a, b, c and 2 more"]);
});
