// @vitest-environment happy-dom
import { act, cleanup, fireEvent, render } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { toast } from "@/components/ui/toast";
import { connection } from "./connection";
import { late, useReady } from "./late";
import { Outdated } from "./there";

const Shown = ({ name }: { name: string; onClose?: () => void }) => <p>{name}</p>;

/** A part that comes when it is asked for the second time. */
const second = () => vi.fn<() => Promise<{ default: typeof Shown }>>().mockRejectedValueOnce(new Error("no answer")).mockResolvedValue({ default: Shown });

const settle = () => act(() => new Promise((resolve) => setTimeout(resolve)));

let says: ReturnType<typeof vi.spyOn>;
beforeEach(() => {
  says = vi.spyOn(toast, "say").mockImplementation(() => {});
  vi.stubGlobal("fetch", () => Promise.reject(new Error("no answer")));
});
afterEach(() => {
  cleanup();
  act(() => connection.found());
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

test("a part that did not come is said so, and comes by itself when the server is found", async () => {
  const load = second();
  const { Part } = late(load, { waiting: <p>waiting</p> });
  const { container } = render(<Part name="here" />);
  expect(container.textContent).toBe("waiting");
  await settle();
  // Long after the message has gone.
  expect(container.textContent).toMatch(/could not be loaded.*Try again/);
  expect(says).toHaveBeenCalledWith("A part of this page could not be loaded", "It comes once the server answers again.", undefined);
  act(() => connection.found());
  await settle();
  expect([container.textContent, load.mock.calls.length]).toEqual(["here", 2]);
});

test("a part that did not come is asked for again by a button; one that a newer program has no more, with the page", async () => {
  const load = second().mockReset().mockRejectedValueOnce(new Error("no answer")).mockRejectedValueOnce(new Outdated("/assets/part.js"));
  const { Part } = late(load, { waiting: <p>waiting</p> });
  const { container, getByRole } = render(<Part name="here" />);
  await settle();
  fireEvent.click(getByRole("button", { name: "Try again" }));
  await settle();
  expect(container.textContent).toMatch(/Load the page anew/);
  load.mockResolvedValue({ default: Shown });
  act(() => connection.found());
  await settle();
  expect(container.textContent).toBe("here");
});

test("what lies over a page and did not come is closed, and comes when it is opened again", async () => {
  const { Part } = late(second(), { close: ({ onClose }) => onClose?.() });
  const onClose = vi.fn<() => void>();
  const first = render(<Part name="here" onClose={onClose} />);
  await settle();
  expect(onClose).toHaveBeenCalledTimes(1);
  expect(says).toHaveBeenCalledWith(expect.anything(), "Open it anew once the server answers again.", undefined);
  first.unmount();
  const again = render(<Part name="here" onClose={onClose} />);
  await settle();
  expect(again.container.textContent).toBe("here");
});

test("what was closed before it failed says nothing and closes nothing else", async () => {
  const { Part } = late(second(), { close: ({ onClose }) => onClose?.() });
  const onClose = vi.fn<() => void>();
  render(<Part name="here" onClose={onClose} />).unmount();
  await settle();
  expect([onClose.mock.calls.length, says.mock.calls.length]).toEqual([0, 0]);
});

test("parts are asked for with the first key, or after a rest", async () => {
  vi.useFakeTimers();
  const parts = [{ ready: vi.fn<() => Promise<void>>().mockRejectedValue(new Error("no answer")) }];
  const Page = ({ rest }: { rest?: number }) => useReady(parts, rest) ?? null;
  const page = render(<Page />);
  vi.advanceTimersByTime(60_000);
  expect(parts[0]?.ready).toHaveBeenCalledTimes(0);
  fireEvent.keyDown(document.body, { key: "a" });
  expect(parts[0]?.ready).toHaveBeenCalledTimes(1);
  page.rerender(<Page rest={3_000} />);
  vi.advanceTimersByTime(3_000);
  expect(parts[0]?.ready).toHaveBeenCalledTimes(2);
  vi.useRealTimers();
});
