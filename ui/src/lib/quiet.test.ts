import { afterEach, expect, test, vi } from "vitest";
import { ask, leaveWith, quietly } from "./quiet";

const get = () => ask(new Request("http://localhost/api/runs"));

/** A promise that is settled from outside. */
function later<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<T>((ok, no) => ([resolve, reject] = [ok, no]));
  return { promise, resolve, reject };
}

/** A server that answers what is asked after `signal` of the request is cut, or when it is told to. */
function server() {
  const asked: { method: string; answer: () => void }[] = [];
  vi.stubGlobal("fetch", (request: Request, options?: RequestInit) => {
    const { promise, resolve, reject } = later<Response>();
    options?.signal?.addEventListener("abort", () => reject(new DOMException("cut", "AbortError")));
    asked.push({ method: request.method, answer: () => resolve(new Response("here")) });
    return promise;
  });
  return asked;
}

const turn = () => new Promise((resolve) => setTimeout(resolve));

afterEach(() => vi.unstubAllGlobals());

test("what is read is read once", async () => {
  const asked = server();
  const got = get();
  await turn();
  asked[0]?.answer();
  expect(await (await got).text()).toBe("here");
  expect(asked).toHaveLength(1);
});

test("what was on its way and what is asked meanwhile is asked when the act has failed", async () => {
  const asked = server();
  const before = get();
  await turn();
  const act = later<void>();
  const acting = quietly(async (own) => {
    void own(new Request("http://localhost/api/session", { method: "DELETE" }));
    await act.promise;
  });
  const meanwhile = get();
  const change = ask(new Request("http://localhost/api/check", { method: "POST" }));
  await turn();
  expect(asked.map(({ method }) => method)).toEqual(["GET", "DELETE"]);
  act.reject(new Error("no"));
  await expect(acting).rejects.toThrow("no");
  await turn();
  expect(asked.map(({ method }) => method).toSorted()).toEqual(["DELETE", "GET", "GET", "GET", "POST"]);
  for (const { answer } of asked) answer();
  expect(await Promise.all([before, meanwhile, change].map(async (got) => (await got).text()))).toEqual(["here", "here", "here"]);
});

test("a request that its caller gives up is not asked again", async () => {
  server();
  const caller = new AbortController();
  const got = ask(new Request("http://localhost/api/runs", { signal: caller.signal }));
  await turn();
  caller.abort();
  await expect(got).rejects.toThrow("cut");
});

test("where the page is left, nothing is asked for the next one", async () => {
  const asked = server();
  const assign = vi.fn<(to: string) => void>();
  vi.stubGlobal("location", { assign });
  const before = get();
  await turn();
  void leaveWith((own) => own(new Request("http://localhost/api/session", { method: "DELETE" })), "/sign-in");
  await turn();
  expect(assign).not.toHaveBeenCalled();
  asked[1]?.answer();
  await turn();
  expect(assign).toHaveBeenCalledWith("/sign-in");
  const still = Promise.race([before, get(), turn().then(() => "waits")]);
  expect([await still, asked.map(({ method }) => method)]).toEqual(["waits", ["GET", "DELETE"]]);
});
