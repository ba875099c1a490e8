import { afterEach, expect, test, vi } from "vitest";
import { addressIn, allThere, Outdated } from "./there";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** A server of scripts by their names; what is not among them cannot be reached. */
function server(scripts: Record<string, string>): string[] {
  const asked: string[] = [];
  vi.stubGlobal("fetch", (address: string) => {
    const name = address.split("/").at(-1) ?? "";
    asked.push(name);
    if (name === "gone.js") return Promise.resolve(new Response("", { status: 404 }));
    return scripts[name] === undefined ? Promise.reject(new TypeError("Failed to fetch")) : Promise.resolve(new Response(scripts[name]));
  });
  return asked;
}

test("a script is there once all it imports is, which is asked for once", async () => {
  const scripts: Record<string, string> = { "a.js": 'import{x as e}from"./b.js";import"./c.js";import("./later.js");', "b.js": 'import "./c.js";import{a}from "./a.js"' };
  const asked = server(scripts);
  await expect(allThere("http://weir/assets/a.js")).rejects.toThrow("Failed to fetch");
  scripts["c.js"] = "export{};";
  await allThere("http://weir/assets/a.js");
  expect(asked.filter((name) => name === "later.js")).toEqual([]);
  const before = asked.length;
  await allThere("http://weir/assets/a.js");
  expect(asked.length).toBe(before);
});

test("a script is not there while what it imports is still asked for by another that fails", async () => {
  const scripts: Record<string, string> = { "e.js": 'import"./f.js";import"./g.js";', "f.js": 'import"./h.js";', "g.js": 'import"./h.js";' };
  server(scripts);
  await expect(allThere("http://weir/assets/e.js")).rejects.toThrow("Failed to fetch");
  const asked = server(scripts);
  await expect(allThere("http://weir/assets/g.js")).rejects.toThrow("Failed to fetch");
  expect(asked).toEqual(["h.js"]);
});

test("what several ask for at once is asked for once", async () => {
  const asked = server({ "k.js": 'import"./m.js";', "l.js": 'import"./m.js";', "m.js": "export{};" });
  await Promise.all([allThere("http://weir/assets/k.js"), allThere("http://weir/assets/l.js")]);
  expect(asked).toEqual(["k.js", "l.js", "m.js"]);
});

test("a server that takes the question and says nothing is not waited for without end", async () => {
  vi.useFakeTimers();
  vi.stubGlobal("fetch", (_: string, { signal }: RequestInit) => new Promise((_come, fail) => signal?.addEventListener("abort", () => fail(signal.reason as Error))));
  const failed = allThere("http://weir/assets/i.js").catch(String);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(await failed).toContain("no answer");
});

test("what another program does not have any more is told apart", async () => {
  server({ "d.js": 'import"./gone.js";' });
  await expect(allThere("http://weir/assets/d.js")).rejects.toBeInstanceOf(Outdated);
});

test("the address of a part is what the build writes", () => {
  // oxlint-disable-next-line no-new-func -- as it stands in a built script, which nothing here resolves
  const built = new Function('return () => wrapped(() => import("./editor-9CbcU3ka.js"), deps([0,1]))') as () => () => unknown;
  expect(addressIn(built())).toMatch(/\/editor-9CbcU3ka\.js$/);
  expect(addressIn(() => import("./there"))).toBeUndefined();
});
