// @vitest-environment happy-dom
import { cleanup, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Command, useCommandKeys, useCommandState } from "./commands";

const before = vi.fn<() => void>();
const disable = vi.fn<() => void>();
const LIST: Command[] = [
  { id: "before", title: "", section: "", keys: "Alt+S>U", run: before },
  { id: "disable", title: "", section: "", keys: "D", run: disable },
];

const press = (key: string, held: KeyboardEventInit = {}) => dispatchEvent(new KeyboardEvent("keydown", { key, ...held }));
const begun = () => useCommandState.getState().begun;

beforeEach(() => {
  vi.useFakeTimers();
  useCommandState.setState({ lists: { builder: LIST } });
  renderHook(() => useCommandKeys());
  press("s", { altKey: true });
});
afterEach(() => {
  cleanup();
  vi.clearAllMocks();
  vi.useRealTimers();
});

test("the second of two keys is waited for as long as it takes", () => {
  vi.advanceTimersByTime(3_600_000);
  expect(begun()).toBe("Alt+S");
  press("u");
  expect([before.mock.calls.length, begun()]).toEqual([1, undefined]);
});

test.each([
  ["Escape", () => press("Escape")],
  ["a click", () => dispatchEvent(new Event("pointerdown"))],
  ["another window", () => dispatchEvent(new Event("blur"))],
])("%s ends it, and the key behind means what it always does", (_what, end) => {
  end();
  expect(begun()).toBeUndefined();
  press("u");
  press("d");
  expect([before.mock.calls.length, disable.mock.calls.length]).toEqual([0, 1]);
});

test("Escape that ends it is heard by nothing else, and the next one is", () => {
  const heard = vi.fn<() => void>();
  document.body.addEventListener("keydown", heard);
  const escape = () => document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
  escape();
  expect([begun(), heard.mock.calls.length]).toEqual([undefined, 0]);
  escape();
  expect(heard).toHaveBeenCalledTimes(1);
  document.body.removeEventListener("keydown", heard);
});
