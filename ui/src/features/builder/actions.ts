import { useMemo, useState } from "react";
import { toast } from "@/components/ui/toast";
import { align, tidy } from "@/canvas/model/layout";
import type { Clip, Command, FlowNode, Json, Note, Point } from "@/document";
import { api, body, onceKey } from "@/lib/api";
import { download } from "@/lib/download";
import { Inspector } from "./later";
import { type Builder, stepsOf, useKept } from "./state";
import { isOver } from "./use-run";

/** What is done to what is selected, and to the flow. */
export function useEdits(builder: Builder) {
  const { document, perform, projection, state, places, shown, selected, select, setOver, setOpened } = builder;
  const keys = stepsOf(builder);
  const [walked, setWalked] = useState<string>();
  const edge = projection.edges.find(({ key }) => selected.has(`edge:${key}`));
  const remove = (reconnect: boolean) => {
    const edges = [...selected].filter((key) => key.startsWith("edge:")).map((key) => key.slice(5));
    const notes = [...selected].filter((key) => key.startsWith("note:")).map((key) => key.slice(5));
    const commands: Command[] = [
      ...notes.map((id): Command => ({ do: "note", id, note: undefined })),
      ...(edges.length > 0 ? [{ do: "disconnect" as const, edges }] : []),
      ...(keys.length > 0 ? [{ do: "delete" as const, keys, reconnect }] : []),
    ];
    const outcome = document.runAll(commands, Date.now());
    if (outcome.refused !== undefined) toast.say(outcome.refused);
    else select([]);
  };
  return {
    keys,
    /** The edge that is selected. */
    edge,
    nextEdge: () => {
      // The step whose edges are gone through stays the same while edges are selected.
      const step = keys[0] ?? walked;
      setWalked(step);
      const next = edgeAfter(shown, edge?.key, step);
      if (next === undefined) toast.say("There are no edges here");
      else select([`edge:${next}`]);
    },
    remove,
    /** Shows a step beside the drawing, with the keys in its first field. */
    open: (key = keys.at(-1)) => {
      if (key === undefined) return toast.say("Select a step first");
      setOpened(key);
      const focus = () => globalThis.document.querySelector<HTMLElement>("[data-step-name]")?.focus();
      Inspector.ready().then(() => setTimeout(focus, 0), () => undefined);
    },
    /** Lets a run go past what is selected, or no longer where it does so already. */
    disable: () => {
      const nodes = projection.nodes.filter((node) => keys.includes(node.key));
      if (nodes.length === 0) toast.say("Select a step first");
      else perform({ do: "disable", keys, disabled: nodes.some((node) => !node.disabled) });
    },
    duplicate: () => keys.length > 0 && perform({ do: "duplicate", keys }),
    /** Chooses a step to add: at a place of the drawing, in the edge or behind the step that is selected, or at the end. */
    add: (at?: Point) => setOver({ what: "creator", place: at ? { at } : edge ? { edge: edge.key } : keys.length > 0 ? { after: keys[keys.length - 1] ?? "" } : lastPlace(builder) }),
    connect: () => keys[0] !== undefined && setOver({ what: "connect", from: keys[0] }),
    rename: () => keys[0] !== undefined && setOver({ what: "rename", key: keys[0] }),
    tidyUp: () => perform({ do: "tidy", moves: Object.fromEntries(tidy(projection, shown)) }),
    nudge: (by: Point) => {
      const moves = Object.fromEntries(keys.flatMap((key) => moved(places.get(key), by, key)));
      const notes = Object.entries(state.canvas.notes).filter(([id]) => selected.has(`note:${id}`));
      const commands: Command[] = notes.map(([id, note]) => ({ do: "note", id, note: { ...note, x: note.x + by.x, y: note.y + by.y } }));
      if (keys.length > 0) commands.push({ do: "position", moves });
      if (commands.length === 0) return;
      const outcome = document.runAll(commands, Date.now());
      if (outcome.refused !== undefined) toast.say(outcome.refused);
    },
    /** Lines up what is selected, or sets it apart evenly. */
    arrange: (how: Arranged) => (keys.length > 1 ? perform({ do: "position", moves: align(places, keys, how) }) : toast.say("Select several steps first", SEVERAL)),
    /** Hides what is in the selected steps, or in those they stand in; shows it again where it is hidden. */
    fold: () => {
      const regions = new Set(keys.flatMap((key) => regionOf(projection, key) ?? []));
      if (regions.size === 0) return void toast.say("Select a step first that has others in it");
      builder.toggle(...regions);
      select([...regions]);
    },
    foldAll: (shut: boolean) => builder.setFolded(shut ? [...new Set([...builder.collapsed, ...foldable(projection)])] : []),
    note: (at: Point) => {
      const id = crypto.randomUUID();
      const note: Note = { ...at, width: 220, height: 110, text: "", color: "yellow" };
      if (perform({ do: "note", id, note })) select([`note:${id}`]);
    },
    group: () => keys.length > 0 && perform({ do: "group", id: crypto.randomUUID(), group: { title: "Group", nodes: keys } }),
    renameGroup: () => {
      const found = Object.entries(state.canvas.groups).find(([, group]) => group.nodes.some((key) => selected.has(key)));
      if (found) setOver({ what: "group", id: found[0] });
      else toast.say("Select a step of the group first");
    },
    ungroup: () => {
      const found = Object.entries(state.canvas.groups).filter(([, group]) => group.nodes.some((key) => selected.has(key)));
      for (const [id] of found) perform({ do: "group", id, group: undefined });
    },
    wrap: (type: string) => keys.length > 0 && perform({ do: "wrap", keys, type }),
    moveAmong: (by: number) => keys[0] !== undefined && moveAmong(builder, keys[0], by),
    save: () => download(builder.draft.files()[0]?.name ?? "flow.yaml", state.text, "text/plain"),
  };
}

export type Arranged = "left" | "top" | "across" | "down";

export const ARRANGED: Record<Arranged, string> = { left: "Align to the left", top: "Align to the top", across: "Space out across", down: "Space out downwards" };

export const SEVERAL = "Shift and a drag over the canvas selects several.";

/** A step that has others in it, or the one it stands in. */
function regionOf(projection: Builder["projection"], key: string): string | undefined {
  return hasInside(projection, key) ? key : projection.nodes.find((one) => one.key === key)?.parent;
}

/** All that has others in it, but for the root of a tree, without which nothing would be seen. */
export const foldable = ({ dialect, nodes }: Builder["projection"]): string[] => nodes.filter(({ region, parent }) => region && (dialect !== "tree" || parent !== undefined)).map(({ key }) => key);

export const hasInside = ({ nodes }: Builder["projection"], key: string): boolean => nodes.some(({ parent }) => parent === key);

/** What a step gave in the run that is looked at; nothing where it did not succeed there. */
export const ranOf = (steps: Builder["steps"], node: FlowNode) => steps.findLast((one) => one.path.split("/").at(-1)?.replace(/\[\d+\]$/, "") === node.id && one.status === "succeeded");

function moved(point: Point | undefined, by: Point, key: string): [string, Point][] {
  return point ? [[key, { x: point.x + by.x, y: point.y + by.y }]] : [];
}

/** The edges of a step, or all there are, one after another. */
function edgeAfter({ edges }: Builder["shown"], now: string | undefined, step: string | undefined): string | undefined {
  const own = edges.filter(({ source, target }) => source === step || target === step);
  const among = own.length > 0 ? own : edges;
  return among[(among.findIndex(({ key }) => key === now) + 1) % among.length]?.key;
}

/** Without a selection a step is added behind the last one that may have something behind it. */
function lastPlace({ projection, places }: Builder): { after?: string } {
  const order = projection.nodes.filter((node) => node.handles.length > 0);
  const last = projection.dialect === "tree" ? projection.nodes[0] : order.sort((a, b) => (places.get(a.key)?.x ?? 0) - (places.get(b.key)?.x ?? 0)).at(-1);
  return last ? { after: last.key } : {};
}

/** Earlier or later among the steps of the same parent. */
function moveAmong({ projection, perform }: Builder, key: string, by: number): void {
  const node = projection.nodes.find((one) => one.key === key);
  if (!node?.parent || projection.dialect !== "tree") return;
  const index = Number(node.path[node.path.length - 1]);
  const to = by < 0 ? index - 1 : index + 2;
  if (to >= 0) perform({ do: "move", key, parent: node.parent, index: to });
}

export type Edits = ReturnType<typeof useEdits>;

/** What is run, and what is known of it. */
export function useTrials(builder: Builder) {
  const { draft, run, runId, setRunId } = builder;
  const id = draft.flow.id;
  const [input, setInput] = useKept<Json>(`weir.input.${id}`, {});
  const [pins, setPins] = useKept<{ [key: string]: Json }>(`weir.pins.${id}`, {});
  const [tests, setTests] = useKept<{ [key: string]: Json }>(`weir.tests.${id}`, {});
  const start = async (what: { step?: string; data?: Json; from?: string; to?: string; input?: Json }) => {
    try {
      // A trial runs what is saved, so everything is saved first.
      if (!(await draft.flush())) throw draft.problem ?? new Error("The draft could not be saved, so it cannot run.");
      const ids = new Set(builder.projection.nodes.map((node) => node.id));
      const kept = Object.fromEntries(Object.entries(pins).filter(([name]) => ids.has(name) && name !== what.step));
      const given = { ...(what.step === undefined ? { input } : {}), ...what, ...(Object.keys(kept).length > 0 ? { pins: kept } : {}), ...(what.from !== undefined && runId ? { run: runId } : {}) };
      const made = await body(api.POST("/api/flows/{id}/try", { params: { path: { id }, header: onceKey() }, body: given as never }));
      setRunId(made.run);
    } catch (error) {
      toast.failed(error);
    }
  };
  const stop = async () => {
    if (!runId) return;
    try {
      await api.POST("/api/runs/{run}/cancel", { params: { path: { run: runId } }, body: {} as never });
    } catch (error) {
      toast.failed(error);
    }
  };
  const without = (map: { [key: string]: Json }, key: string, value: Json | undefined): { [key: string]: Json } => {
    const { [key]: _gone, ...rest } = map;
    return value === undefined ? rest : { ...rest, [key]: value };
  };
  const going = runId !== undefined && (run === undefined || !isOver(run.status));
  const pinned = useMemo(() => new Set(builder.projection.nodes.filter((node) => node.id in pins).map((node) => node.key)), [builder.projection, pins]);
  return {
    input,
    setInput,
    pins,
    pin: (node: string, value: Json | undefined) => setPins(without(pins, node, value)),
    tests,
    /** One step alone, with the data that is kept for its test. */
    test: (node: string, data: Json | undefined = tests[node]) => void start({ step: node, ...(data === undefined ? {} : { data }) }),
    runTo: (node: string) => void start({ to: node }),
    /** From a step on; nothing where no run is looked at, whose values it would go on with. */
    runFrom: runId === undefined ? undefined : (node: string) => void start({ from: node }),
    setTest: (node: string, value: Json | undefined) => setTests(without(tests, node, value)),
    start,
    stop,
    going,
    pinned,
  };
}

export type Trials = ReturnType<typeof useTrials>;

/** What lies on the clipboard, if it is ours: copied steps, or nothing. */
export function readClip(text: string): Clip | undefined {
  try {
    const found = JSON.parse(text) as Partial<Clip> | null;
    return found?.weir === 1 && Array.isArray(found.nodes) && Array.isArray(found.edges) && typeof found.dialect === "string" ? (found as Clip) : undefined;
  } catch {
    return undefined;
  }
}
