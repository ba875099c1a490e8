import { expect, test } from "vitest";
import { matches, presses, shownKeys } from "./keys";

const pressed = (key: string, held: string[] = []) => ({
  key,
  ctrlKey: held.includes("ctrl"),
  metaKey: held.includes("meta"),
  shiftKey: held.includes("shift"),
  altKey: held.includes("alt"),
});

test.each([
  ["Mod+K", pressed("k", ["ctrl"]), true],
  ["Mod+K", pressed("k"), false],
  ["Mod+K", pressed("K", ["ctrl", "shift"]), false],
  ["Mod+Shift+Z", pressed("Z", ["ctrl", "shift"]), true],
  ["?", pressed("?", ["shift"]), true],
  ["?", pressed("?", ["ctrl", "shift"]), false],
  ["Mod++", pressed("+", ["ctrl", "shift"]), true],
  ["G", pressed("g", ["alt"]), false],
])("%s", (keys, event, expected) => {
  expect(matches(event, keys, false)).toBe(expected);
});

test("on a Mac the command key is meant", () => {
  expect(matches(pressed("k", ["meta"]), "Mod+K", true)).toBe(true);
  expect(matches(pressed("k", ["ctrl"]), "Mod+K", true)).toBe(false);
});

test("the plus key can be shown, and keys that are pressed one after the other", () => {
  expect(shownKeys("Mod++")).toEqual([["Ctrl", "+"]]);
  expect(shownKeys("Alt+S>U")).toEqual([["Alt", "S"], ["U"]]);
  expect([">", "Mod+>"].map(presses)).toEqual([[">"], ["Mod+>"]]);
});

test("a letter that another character stands on with Alt is known by its place", () => {
  expect(matches({ ...pressed("ß", ["alt"]), code: "KeyS" }, "Alt+S", true)).toBe(true);
  expect(matches({ ...pressed("ß"), code: "KeyS" }, "S", true)).toBe(false);
});
