import { afterEach, expect, test, vi } from "vitest";
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

/** A page that answers so for the styles it is asked for; gives their addresses. */
function page(answers: string[]): string[] {
  const asked: string[] = [];
  const createElement = () => Object.assign(new EventTarget(), { href: "", remove: () => {} });
  const append = (link: ReturnType<typeof createElement>) => {
    asked.push(link.href);
    queueMicrotask(() => link.dispatchEvent(new Event(answers.shift() ?? "load")));
  };
  vi.stubGlobal("document", { createElement, head: { append } });
  return asked;
}

afterEach(() => vi.unstubAllGlobals());

const UNSTYLED = new Error("Unable to preload CSS for /assets/editor.css");

test("nothing is shown without styles that did not come, whoever missed them; they are asked for anew", async () => {
  const asked = page(["error", "load"]);
  const load = vi.fn<() => Promise<number>>().mockRejectedValueOnce(UNSTYLED).mockResolvedValue(8);
  const ask = asking(load);
  const other = asking(() => Promise.resolve(9));
  await expect(ask()).rejects.toThrow("Unable to preload CSS");
  await expect(other()).rejects.toThrow("Unable to preload CSS");
  expect([await other(), await ask()]).toEqual([9, 8]);
  expect(asked.map((href) => href.replace(/\d+$/, ""))).toEqual(["/assets/editor.css?again=", "/assets/editor.css?again="]);
  expect(new Set(asked).size).toBe(2);
});

test("a script that stayed away together with its styles is asked for at once", async () => {
  page([]);
  const load = vi.fn<() => Promise<{ default: number }>>().mockRejectedValueOnce(UNSTYLED).mockRejectedValue(new TypeError(`Failed to fetch dynamically imported module: ${MODULE}`));
  const ask = asking(load);
  await expect(ask()).rejects.toThrow("Unable to preload CSS");
  expect((await ask()).default).toBe(7);
});
