import { afterEach, expect, test, vi } from "vitest";
import { ask, leave, leaveWith, quietly } from "./quiet";

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

/** A body that ends when it is told to, and fails where the request is cut before. */
function slowly() {
  const asked: { signal: AbortSignal | null | undefined; end: () => void }[] = [];
  vi.stubGlobal("fetch", (_request: Request, options?: RequestInit) => {
    const body = new ReadableStream({
      start(line) {
        line.enqueue(new TextEncoder().encode("half and "));
        options?.signal?.addEventListener("abort", () => line.error(options.signal?.reason));
        asked.push({ signal: options?.signal, end: () => (line.enqueue(new TextEncoder().encode("half")), line.close()) });
      },
    });
    return Promise.resolve(new Response(body, { status: 203, headers: { etag: '"7"' } }));
  });
  return asked;
}

test("what was cut off in the middle of its body is asked again, and comes whole", async () => {
  const asked = slowly();
  const got = get();
  await turn();
  await quietly(() => Promise.resolve());
  await turn();
  expect(asked.map(({ signal }) => signal?.aborted)).toEqual([true, false]);
  asked[1]?.end();
  const answer = await got;
  expect([answer.status, answer.headers.get("etag"), await answer.text()]).toEqual([203, '"7"', "half and half"]);
});

test("an answer without a body stays one", async () => {
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(null, { status: 204 })));
  expect((await get()).status).toBe(204);
});

test("of two acts at once, what is asked waits for the one that began last", async () => {
  const asked = server();
  const [first, second] = [later<void>(), later<void>()];
  const acts = [quietly(() => first.promise), quietly(() => second.promise)];
  first.resolve();
  await acts[0];
  void get();
  await turn();
  expect(asked).toHaveLength(0);
  second.resolve();
  await acts[1];
  await turn();
  expect(asked).toHaveLength(1);
});

/** The browser's window, as far as leaving a page needs it. */
function page() {
  const page = new EventTarget();
  const location = { replace: vi.fn<(to: string) => void>(), reload: vi.fn<() => void>() };
  vi.stubGlobal("location", location);
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  const shown = (persisted: boolean) => page.dispatchEvent(Object.assign(new Event("pageshow"), { persisted }));
  return { ...location, shown };
}

test("where the page is left, nothing is asked for the next one", async () => {
  const asked = server();
  const { replace } = page();
  const before = get();
  await turn();
  void leaveWith((own) => own(new Request("http://localhost/api/session", { method: "DELETE" })), "/sign-in");
  await turn();
  expect(replace).not.toHaveBeenCalled();
  asked[1]?.answer();
  await turn();
  expect(replace).toHaveBeenCalledWith("/sign-in");
  const still = Promise.race([before, get(), turn().then(() => "waits")]);
  expect([await still, asked.map(({ method }) => method)]).toEqual(["waits", ["GET", "DELETE"]]);
});

test("whoever goes back to a page that was left does not see it as it was", () => {
  const { reload, shown } = page();
  leave("/sign-in");
  shown(false);
  expect(reload).not.toHaveBeenCalled();
  shown(true);
  expect(reload).toHaveBeenCalledTimes(1);
});
