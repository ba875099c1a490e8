import { useCallback, useMemo, useState, useSyncExternalStore } from "react";
import { placeAll, visible } from "@/canvas/model/layout";
import { statesOf, withWaits } from "@/canvas/model/steps";
import type { Command, Json, Projection } from "@/document";
import type { Taken } from "@/document/foreign/n8n";
import { toast } from "@/components/ui/toast";
import { brief, waits as waitsOf } from "@/features/runs/run/waits";
import { useLatest } from "@/lib/latest";
import { Draft, type Flow } from "./draft";
import { useCheck } from "./use-check";
import { isOver, useRun } from "./use-run";

export type View = "canvas" | "yaml" | "split";
/** What lies over the page. */
export type Over =
  | { what: "creator"; place: Extract<Command, { do: "add" }>["place"] }
  | { what: "connect"; from: string }
  | { what: "rename"; key: string }
  | { what: "group"; id: string }
  | { what: "answer"; path: string }
  | { what: "extract" }
  | { what: "taken"; taken: Taken }
  | { what: "publish" | "versions" | "input" | "convert" };

/** Something small that the browser keeps; a value of another sort counts as none. */
export function useKept<T extends Json>(key: string, otherwise: T): [T, (value: T) => void] {
  const [value, setValue] = useState<T>(() => {
    try {
      const kept = JSON.parse(localStorage.getItem(key) ?? "null") as T | null;
      return kept !== null && typeof kept === typeof otherwise && Array.isArray(kept) === Array.isArray(otherwise) ? kept : otherwise;
    } catch {
      return otherwise;
    }
  });
  const set = useCallback((next: T) => {
    setValue(next);
    try {
      localStorage.setItem(key, JSON.stringify(next));
    } catch {
      // It holds until the page is left.
    }
  }, [key]);
  return [value, set];
}

/** Everything the builder shows and can do, in one place. */
export function useBuilder(flow: Flow) {
  const [draft] = useState(() => new Draft(flow));
  useSyncExternalStore(draft.subscribe, () => draft.version);
  const { document } = draft;
  const state = useSyncExternalStore(document.subscribe, () => document.state);
  const [view, setView] = useKept<View>("weir.builder.view", "canvas");
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [folded, setFolded] = useKept<string[]>(`weir.folded.${flow.id}`, []);
  const collapsed = useMemo(() => new Set(folded), [folded]);
  const [opened, setOpened] = useState<string>();
  const [over, setOver] = useState<Over>();
  const [runId, setRunId] = useState<string>();
  const { problems, unchecked } = useCheck(draft, state);
  const { run, steps, attempts } = useRun(runId);
  const { projection } = state;
  const shown = useMemo(() => visible(projection, collapsed), [projection, collapsed]);
  const places = useMemo(() => placeAll(projection, shown, state.canvas), [projection, shown, state.canvas]);
  const waits = useMemo(() => (run && !isOver(run.status) ? waitsOf(run, steps, attempts) : []), [run, steps, attempts]);
  const states = useMemo(() => withWaits(statesOf(projection, steps), new Map(waits.map((wait) => [wait.path, brief(wait)]))), [projection, steps, waits]);
  const selected = useMemo(() => seen(chosen, projection, shown), [chosen, projection, shown]);
  const latest = useLatest(folded);
  /** One step that is hidden is shown: whoever selects it goes to it. */
  const select = useCallback((keys: readonly string[]) => {
    setChosen(new Set(keys));
    const around = new Set(keys.length === 1 ? insideOf(document.state.projection, keys[0] ?? "") : []);
    if (latest.current.some((key) => around.has(key))) setFolded(latest.current.filter((key) => !around.has(key)));
  }, [document, latest, setFolded]);
  const perform = useCallback((command: Command): boolean => {
    const outcome = document.run(command, Date.now());
    if (outcome.refused !== undefined) {
      toast.say(outcome.refused);
      return false;
    }
    if (outcome.added.length > 0) select(outcome.added);
    return true;
  }, [document, select]);
  const toggle = useCallback((...keys: string[]) => setFolded([...latest.current.filter((one) => !keys.includes(one)), ...keys.filter((one) => !latest.current.includes(one))]), [latest, setFolded]);
  return { draft, document, state, projection, view, setView, selected, select, collapsed, toggle, setFolded, opened, setOpened, over, setOver, run, runId, setRunId, steps, waits, states, problems, unchecked, shown, places, perform };
}

export type Builder = ReturnType<typeof useBuilder>;

/** What is selected, without what is hidden: nobody changes what nobody sees. */
function seen(chosen: ReadonlySet<string>, projection: Projection, shown: Pick<Projection, "nodes" | "edges">): ReadonlySet<string> {
  if (chosen.size === 0 || shown.nodes.length === projection.nodes.length) return chosen;
  const keysOf = ({ nodes, edges }: Pick<Projection, "nodes" | "edges">) => [...nodes.map(({ key }) => key), ...edges.map(({ key }) => `edge:${key}`)];
  const there = new Set(keysOf(shown));
  const hidden = new Set(keysOf(projection).filter((key) => !there.has(key)));
  return [...chosen].some((key) => hidden.has(key)) ? new Set([...chosen].filter((key) => !hidden.has(key))) : chosen;
}

/** All that a step stands in. */
function insideOf({ nodes }: Projection, key: string): string[] {
  const byKey = new Map(nodes.map((node) => [node.key, node]));
  const found: string[] = [];
  for (let at = byKey.get(key)?.parent; at !== undefined; at = byKey.get(at)?.parent) found.push(at);
  return found;
}

/** The steps that are selected, without edges and notes. */
export const stepsOf = (builder: Pick<Builder, "selected" | "projection">): string[] => builder.projection.nodes.filter((node) => builder.selected.has(node.key)).map((node) => node.key);
