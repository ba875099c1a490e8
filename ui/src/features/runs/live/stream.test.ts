// @vitest-environment happy-dom
import { afterEach, expect, test, vi } from "vitest";
import { RunStream } from "./stream";

const line = (seq: number) => `event: record\ndata: ${JSON.stringify({ seq, at: "2026-01-01T00:00:00Z", type: "signal", path: "", payload: {} })}\nid: at-${seq}\n\n`;
const state = (status: string) => `event: state\ndata: ${JSON.stringify({ status })}\n\n`;

afterEach(() => vi.unstubAllGlobals());

/** A server that is cut off after each of these texts. */
function server(...texts: string[]) {
  const asked: (string | null)[] = [];
  vi.stubGlobal("fetch", async (_url: string, { headers }: { headers: HeadersInit }) => {
    asked.push(new Headers(headers).get("last-event-id"));
    const text = texts.shift();
    if (text === undefined) throw new TypeError("refused");
    return new Response(text);
  });
  return asked;
}

async function until(holds: () => boolean): Promise<void> {
  await vi.waitFor(() => expect(holds()).toBe(true), { timeout: 8_000 });
}

test("a stream that is cut off goes on where it was, without a record twice or missing", async () => {
  const asked = server(line(1) + line(2) + state("running"), line(2) + line(3), line(4) + state("succeeded"));
  const stream = new RunStream("r");
  const leave = stream.subscribe(() => {});
  await until(() => stream.now.state === "over");
  expect(stream.now.happened.records.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
  expect(asked).toEqual([null, "at-2", "at-3"]);
  leave();
});

test("what is refused for good is told, and not asked for again", async () => {
  vi.stubGlobal("fetch", async () => Response.json({ code: "NOT_FOUND", detail: "there is no such run" }, { status: 404 }));
  const stream = new RunStream("r");
  const leave = stream.subscribe(() => {});
  await until(() => stream.now.failure?.kind === "not-found");
  expect(stream.now.state).toBe("over");
  leave();
});
