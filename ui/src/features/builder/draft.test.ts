import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { CanvasData } from "@/document";
import { Draft, type Flow } from "./draft";

const text = (name: string) => `type: Sequence\nid: main\nname: ${name}\nchildren: []\n`;
const note = (words: string) => ({ x: 0, y: 0, width: 100, height: 50, text: words, color: "plain" as const });
const canvas = (notes: { [id: string]: string }, positions: CanvasData["positions"] = {}): CanvasData => ({
  positions,
  notes: Object.fromEntries(Object.entries(notes).map(([id, words]) => [id, note(words)])),
  groups: {},
});

const flow = (revision: number, name: string, drawn: CanvasData): Flow =>
  ({ id: "f", name: "f", project: "default", revision, files: [{ name: "flow.yaml", text: text(name) }], canvas: drawn }) as unknown as Flow;

interface Sent {
  seen: string | null;
  files: { text: string }[];
  canvas: CanvasData;
}

/** A server that refuses what was not made from the newest save, and keeps the rest. */
function server(there: Flow) {
  const kept = { now: there, sent: [] as Sent[] };
  vi.stubGlobal("fetch", async (request: Request) => {
    if (request.method === "GET") return Response.json(kept.now);
    const sent = { seen: request.headers.get("if-match"), ...((await request.json()) as Omit<Sent, "seen">) };
    kept.sent.push(sent);
    if (sent.seen !== `"${kept.now.revision}"`) return Response.json({ title: "changed", status: 409 }, { status: 409 });
    kept.now = { ...kept.now, revision: kept.now.revision + 1, files: sent.files, canvas: sent.canvas } as unknown as Flow;
    return Response.json(kept.now);
  });
  return kept;
}

beforeEach(() => {
  const stored = new Map<string, string>();
  vi.stubGlobal("localStorage", { getItem: (key: string) => stored.get(key) ?? null, setItem: (key: string, value: string) => void stored.set(key, value), removeItem: (key: string) => void stored.delete(key) });
});

afterEach(() => vi.unstubAllGlobals());

const BEFORE = flow(1, "before", canvas({ old: "there from the start" }, { main: { x: 1, y: 1 } }));
const THEIRS = flow(2, "theirs", canvas({ old: "there from the start", theirs: "theirs" }, { main: { x: 2, y: 2 } }));

/** A draft that is in conflict with what others saved: a note of its own, and another name. */
async function inConflict() {
  const kept = server(THEIRS);
  const draft = new Draft(BEFORE);
  draft.document.run({ do: "note", id: "mine", note: note("mine") }, 0);
  draft.document.type(text("mine"), 5_000);
  await draft.flush();
  expect(draft.save).toBe("conflict");
  return { kept, draft };
}

test("who takes the other one has its notes and places too, and nothing is sent", async () => {
  const { kept, draft } = await inConflict();
  draft.takeTheirs(10_000);
  expect([draft.document.state.text, draft.document.state.canvas]).toEqual([text("theirs"), THEIRS.canvas]);
  expect([draft.save, await draft.flush(), kept.sent.length]).toEqual(["saved", true, 1]);
  draft.document.undo();
  expect(draft.document.state.text).toBe(text("mine"));
  expect(Object.keys(draft.document.state.canvas.notes)).toEqual(["old", "mine"]);
});

test("who keeps the own text keeps what both have put on the canvas", async () => {
  const { kept, draft } = await inConflict();
  draft.resolve(text("both"), 10_000);
  expect(await draft.flush()).toBe(true);
  expect(kept.now.files[0]?.text).toBe(text("both"));
  expect(kept.now.canvas).toEqual(canvas({ old: "there from the start", mine: "mine", theirs: "theirs" }, { main: { x: 2, y: 2 } }));
});

test("what one side took away comes back only where the other has changed it", async () => {
  const before = flow(1, "before", canvas({ gone: "a", changed: "b", kept: "c" }));
  const kept = server(flow(2, "theirs", canvas({ changed: "b, changed", kept: "c" })));
  const draft = new Draft(before);
  for (const id of ["changed", "kept"]) draft.document.run({ do: "note", id, note: undefined }, 0);
  await draft.flush();
  draft.resolve(text("mine"), 10_000);
  await draft.flush();
  expect(kept.now.canvas).toEqual(canvas({ changed: "b, changed" }));
});

const leave = (revision: number, name: string, drawn: CanvasData, before?: CanvasData) => localStorage.setItem("weir.unsaved.f", JSON.stringify({ revision, text: text(name), canvas: drawn, before }));

test("what was left is held against what others saved again and again, until somebody has chosen", async () => {
  const kept = server(THEIRS);
  leave(1, "mine", canvas({ mine: "mine" }));
  new Draft(THEIRS).restoreFound(0);
  const after = new Draft(THEIRS);
  after.restoreFound(0);
  expect([after.save, after.theirs]).toEqual(["conflict", THEIRS]);
  expect(await after.flush()).toBe(false);
  expect(kept.sent).toEqual([]);
  after.resolve(text("mine"), 0);
  expect(await after.flush()).toBe(true);
  expect(kept.now.canvas).toEqual(canvas({ old: "there from the start", theirs: "theirs", mine: "mine" }, { main: { x: 2, y: 2 } }));
  expect(localStorage.getItem("weir.unsaved.f")).toBeNull();
});

test("of what was left, only what was changed goes over what others saved since", async () => {
  const before = canvas({ old: "a", gone: "b", changed: "c" }, { main: { x: 1, y: 1 } });
  const kept = server(flow(2, "theirs", canvas({ old: "a, changed", changed: "c" }, { main: { x: 2, y: 2 } })));
  leave(1, "mine", { ...before, notes: { ...before.notes, changed: note("mine") } }, before);
  new Draft(kept.now).restoreFound(0);
  const after = new Draft(kept.now);
  after.restoreFound(0);
  after.resolve(text("mine"), 0);
  expect(await after.flush()).toBe(true);
  expect(kept.now.canvas).toEqual(canvas({ old: "a, changed", changed: "mine" }, { main: { x: 2, y: 2 } }));
});

test("what is kept in the browser says what it began with", () => {
  const draft = new Draft(BEFORE);
  draft.document.type(text("typed"), 0);
  expect(new Draft(BEFORE).found?.before).toEqual(BEFORE.canvas);
});

test("what was left on the canvas alone is offered, and not what is there already", async () => {
  const kept = server(THEIRS);
  leave(2, "theirs", canvas({ mine: "mine" }));
  const draft = new Draft(THEIRS);
  draft.restoreFound(0);
  expect(draft.save).toBe("changed");
  expect(await draft.flush()).toBe(true);
  expect(kept.now.canvas).toEqual(canvas({ mine: "mine" }));
  leave(2, "theirs", canvas({ theirs: "theirs", old: "there from the start" }, { main: { y: 2, x: 2 } }));
  expect(new Draft(THEIRS).found).toBeUndefined();
});

test("what is brought back while a change is on its way is asked about, against that change", async () => {
  const kept = server(THEIRS);
  leave(1, "mine", canvas({}));
  const draft = new Draft(THEIRS);
  draft.document.type(text("typed"), 0);
  const sending = draft.flush();
  await Promise.resolve();
  expect(draft.save).toBe("saving");
  draft.restoreFound(5_000);
  await sending;
  expect(draft.save).toBe("conflict");
  expect(new Draft(THEIRS).found?.revision).toBe(1);
  expect(draft.theirs).toEqual(kept.now);
  draft.takeTheirs(10_000);
  expect([draft.save, draft.document.state.text, draft.flow.revision]).toEqual(["saved", text("typed"), kept.now.revision]);
});
