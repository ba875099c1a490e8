import { expect, test, vi } from "vitest";
import { asking } from "./again";

// What follows the value is a comment: the address of a module that is asked for again has more at its end.
const MODULE = "data:text/javascript,export%20default%207//.js";

test("a module that did not come is asked for under another address", async () => {
  const load = vi.fn<() => Promise<{ default: number }>>().mockRejectedValue(new TypeError(`Failed to fetch dynamically imported module: ${MODULE}`));
  const ask = asking(load);
  await expect(ask()).rejects.toThrow("Failed to fetch");
  expect((await ask()).default).toBe(7);
  expect((await ask()).default).toBe(7);
  expect(load).toHaveBeenCalledTimes(1);
});

test("where no address is named, it is asked for as before", async () => {
  const load = vi.fn<() => Promise<{ default: number }>>().mockRejectedValueOnce(new TypeError("Importing a module script failed.")).mockResolvedValue({ default: 8 });
  const ask = asking(load);
  await expect(ask()).rejects.toThrow("Importing");
  expect((await ask()).default).toBe(8);
});

test("what has no styles stays away", async () => {
  const load = vi.fn<() => Promise<{ default: number }>>().mockRejectedValueOnce(new Error("Unable to preload CSS for /assets/editor.css")).mockResolvedValue({ default: 8 });
  const ask = asking(load);
  for (let time = 0; time < 2; time++) await expect(ask()).rejects.toThrow("Unable to preload CSS");
  expect(load).toHaveBeenCalledTimes(1);
});
