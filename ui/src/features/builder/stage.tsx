import { useReactFlow } from "@xyflow/react";
import { type KeyboardEvent, useEffect, useMemo } from "react";
import { CodeEditor, type Language } from "@/components/code/code-editor";
import { FlowCanvas } from "@/canvas/view/canvas";
import { FIT } from "@/canvas/view/fit";
import type { FlowActions } from "@/canvas/view/actions";
import { HEIGHT, WIDTH } from "@/canvas/model/layout";
import { type Direction, nearest } from "@/canvas/model/walk";
import { Button } from "@/components/ui/button";
import { Empty } from "@/components/ui/states";
import type { Command, Point } from "@/document";
import { useMay } from "@/features/session/data";
import { api, body } from "@/lib/api";
import { useLatest } from "@/lib/latest";
import type { Edits, Trials } from "./actions";
import { bringIn } from "./bring-in";
import { fromBytes, toBytes } from "./bytes";
import { CanvasMenu, openMenu } from "./canvas-menu";
import { EDIT_NOTE } from "./commands";
import type { Choice } from "./offers";
import { DRAGGED } from "./palette";
import { noteAdded } from "./recent";
import { SelectionBar } from "./selection-bar";
import type { Builder } from "./state";
import { type Found, nodeAt } from "./use-check";

interface StageProps {
  builder: Builder;
  edits: Edits;
  trials: Trials;
  choices: readonly Choice[];
  mayWrite: boolean;
}

const ARROWS: Record<string, Direction> = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" };
const STEPS: Record<Direction, Point> = { left: { x: -1, y: 0 }, right: { x: 1, y: 0 }, up: { x: 0, y: -1 }, down: { x: 0, y: 1 } };

/** The drawing, with its keys: arrows walk, Tab adds, Enter opens. */
export function Drawing({ builder, edits, trials, choices, mayWrite }: StageProps) {
  const { projection, shown, places, state, selected, select, collapsed, toggle, states, perform, setOver, setOpened, problems, document: doc } = builder;
  const { setCenter, getViewport, fitView } = useReactFlow();
  const worst = useMemo(() => worstOf(problems), [problems]);
  const mayAnswer = useMay()("runs.control");
  const latestStates = useLatest(states);
  const actions = useMemo<FlowActions>(() => ({
    collapse: toggle,
    addAfter: (key) => setOver({ what: "creator", place: { after: key } }),
    insert: (edge) => setOver({ what: "creator", place: { edge } }),
    note: (id, note) => void perform({ do: "note", id, note }),
    within: select,
    called: (id, title) => {
      const group = doc.state.canvas.groups[id];
      if (group) perform({ do: "group", id, group: { ...group, title } });
    },
    ...(mayAnswer ? { answer: (key: string) => setOver({ what: "answer", path: latestStates.current.get(key)?.path ?? "" }) } : {}),
  }), [toggle, setOver, perform, select, doc, mayAnswer, latestStates]);
  // Keys go to notes as well.
  const points = useMemo(() => new Map([...places, ...Object.entries(state.canvas.notes).map(([id, { x, y }]) => [`note:${id}`, { x, y }] as const)]), [places, state.canvas.notes]);

  const { view } = builder;
  // With another view the drawing has another width, once the page is laid out.
  useEffect(() => {
    const timer = setTimeout(() => void fitView(FIT), view === "split" ? 60 : 0);
    return () => clearTimeout(timer);
  }, [view, fitView]);

  const goTo = (key: string | undefined) => {
    if (key === undefined) return;
    // One that is hidden is shown by this.
    select([key]);
    bringToView(key);
  };

  const bringToView = (key: string) => {
    const point = points.get(key);
    if (!point) return;
    const { x, y, zoom } = getViewport();
    const [left, top] = [point.x * zoom + x, point.y * zoom + y];
    const host = document.querySelector(".react-flow")?.getBoundingClientRect();
    if (host && (left < 0 || top < 0 || left + WIDTH * zoom > host.width || top + HEIGHT * zoom > host.height)) void setCenter(point.x + WIDTH / 2, point.y + HEIGHT / 2, { zoom: Math.max(zoom, 0.5) });
  };

  // What was added, found or jumped to is seen.
  const only = edits.keys.length === 1 ? edits.keys[0] : undefined;
  const latest = useLatest(bringToView);
  useEffect(() => {
    if (only !== undefined) latest.current(only);
  }, [only, latest]);
  // What opens beside the drawing must not lie over what it is about.
  const { opened } = builder;
  useEffect(() => {
    if (opened === undefined) return;
    const timer = setTimeout(() => latest.current(opened), 0);
    return () => clearTimeout(timer);
  }, [opened, latest]);

  const press = (event: KeyboardEvent<HTMLElement>) => {
    if (event.target !== event.currentTarget) return;
    const direction = ARROWS[event.key];
    const note = [...selected].findLast((key) => key.startsWith("note:"));
    const last = edits.keys[edits.keys.length - 1] ?? note;
    if (direction) arrow(event, direction, last);
    else if (event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey)) openMenu(event.currentTarget);
    else if (event.key === "Tab" && !event.shiftKey && mayWrite) edits.add();
    else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && last !== undefined) {
      if (last === note) event.currentTarget.querySelector<HTMLElement>(EDIT_NOTE)?.click();
      else edits.open(last);
    }
    else if (event.key === "Escape") {
      setOpened(undefined);
      select([]);
    } else return;
    event.preventDefault();
  };

  const arrow = (event: KeyboardEvent, direction: Direction, last: string | undefined) => {
    const among = event.altKey && (direction === "up" || direction === "down");
    if (among || event.ctrlKey || event.metaKey || event.shiftKey) {
      if (!mayWrite) return;
      if (among) return void edits.moveAmong(direction === "up" ? -1 : 1);
      const by = event.shiftKey ? 60 : 10;
      edits.nudge({ x: STEPS[direction].x * by, y: STEPS[direction].y * by });
    } else if (edits.edge) goTo(direction === "left" || direction === "up" ? edits.edge.source : edits.edge.target);
    else goTo(last === undefined ? projection.nodes[0]?.key : nearest(points, last, direction));
  };

  const choose = (keys: string[]) => {
    select(keys);
    if (keys.length === 1 && builder.opened !== undefined && places.has(keys[0] ?? "")) setOpened(keys[0]);
  };

  const add = (choice: Choice, place: Extract<Command, { do: "add" }>["place"]) => perform({ do: "add", node: choice.node, place }) && noteAdded(choice);
  const titleOf = (key: string | undefined) => projection.nodes.find((node) => node.key === key)?.title ?? "";
  const said = edits.edge ? `Edge from ${titleOf(edits.edge.source)} to ${titleOf(edits.edge.target)} selected` : edits.keys.length > 1 ? `${edits.keys.length} steps selected` : edits.keys[0] === undefined ? ([...selected].some((key) => key.startsWith("note:")) ? "Note selected" : "") : `${titleOf(edits.keys[0])} selected`;
  return (
    <CanvasMenu builder={builder} edits={edits} trials={trials} mayWrite={mayWrite} onSelect={choose}>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- the canvas is worked with keys of its own */}
      <div role="application" aria-label="Canvas. Arrow keys walk between steps, Tab adds one, Enter opens it, E selects an edge." tabIndex={0} className="relative size-full outline-none focus-visible:ring-2 focus-visible:ring-ring focus-visible:ring-inset" id="canvas" onKeyDown={press}>
        <FlowCanvas
          projection={projection}
          shown={shown}
          places={places}
          canvas={state.canvas}
          selected={selected}
          collapsed={collapsed}
          states={states}
          problems={worst}
          pinned={trials.pinned}
          dimmed={state.broken.length > 0}
          readOnly={!mayWrite}
          actions={actions}
          onSelect={choose}
          onMove={(moves) => moveAll(builder, moves)}
          onConnect={(source, target, handle) => perform({ do: "connect", source, target, ...(handle && projection.dialect === "graph" ? { handle } : {}) })}
          onLoose={(source, handle, at) => setOver({ what: "creator", place: { after: source, at, ...(handle && projection.dialect === "graph" ? { handle } : {}) } })}
          onOpen={edits.open}
          onCreate={(at) => setOver({ what: "creator", place: { at } })}
          onDropped={(data, at, edge) => {
            if (!mayWrite) return;
            const [file] = data.files;
            if (file) void bringIn(builder, file);
            const choice = choices.find((one) => one.id === data.getData(DRAGGED));
            if (choice) add(choice, edge === undefined ? { at } : { edge });
          }}
        />
        {state.broken[0] ? <Broken line={state.broken[0].line} message={state.broken[0].message} /> : null}
        {projection.nodes.length === 0 && state.broken.length === 0 ? (
          <div className="pointer-events-none absolute inset-0 flex items-center justify-center [&>*]:pointer-events-auto">
            {doc.dialect.name === "ir" ? (
              <Empty title="There is nothing to draw">This flow is written in the inner form. Convert it to a tree or a graph to draw it.</Empty>
            ) : (
              <Empty title="Nothing is drawn yet" actions={mayWrite ? <Button look="primary" onClick={() => edits.add()}>Add the first step</Button> : null}>Pick a step on the left, or press Tab.</Empty>
            )}
          </div>
        ) : null}
        <span className="sr-only" aria-live="polite">{said}</span>
        {mayWrite ? <SelectionBar builder={builder} edits={edits} /> : null}
      </div>
    </CanvasMenu>
  );
}

function Broken({ line, message }: { line: number; message: string }) {
  return (
    <p role="alert" className="absolute start-1/2 top-3 max-w-160 -translate-x-1/2 rounded-md border border-bad bg-bad-soft px-3 py-1.5 text-base text-bad-ink shadow-pop">
      Line {line} of the text cannot be read: {message.split("\n")[0]}. What is drawn is how it was before.
    </p>
  );
}

function worstOf(problems: readonly Found[]): Map<string, "error" | "warning"> {
  const worst = new Map<string, "error" | "warning">();
  for (const { key, severity } of problems) if (key !== undefined && severity !== "info" && worst.get(key) !== "error") worst.set(key, severity);
  return worst;
}

/** Steps are moved as one change, and notes with them. */
function moveAll({ document: doc, state }: Builder, moves: { [key: string]: Point }): void {
  const notes = Object.entries(moves).filter(([key]) => key.startsWith("note:"));
  const steps = Object.fromEntries(Object.entries(moves).filter(([key]) => !key.startsWith("note:")));
  const commands: Command[] = notes.flatMap(([key, at]): Command[] => {
    const note = state.canvas.notes[key.slice(5)];
    return note ? [{ do: "note", id: key.slice(5), note: { ...note, x: Math.round(at.x), y: Math.round(at.y) } }] : [];
  });
  if (Object.keys(steps).length > 0) commands.push({ do: "position", moves: steps });
  doc.runAll(commands, Date.now());
}

/** The text of the flow, with the same history as the drawing. */
export function TextView({ builder, language, mayWrite, place, onCursor }: { builder: Builder; language: Language; mayWrite: boolean; place: { from: number; to: number; nonce: number } | undefined; onCursor: (key: string | undefined) => void }) {
  const { document: doc, state, problems, draft } = builder;
  const complete = async (text: string, offset: number) => {
    try {
      const found = await body(api.POST("/api/complete", { body: { text, offset: toBytes(text, offset), project: draft.flow.project } }));
      return { from: fromBytes(text, found.from), items: found.items };
    } catch {
      // Without an answer there is nothing to offer; typing goes on.
      return { from: offset, items: [] };
    }
  };
  return (
    <CodeEditor
      value={state.text}
      language={language}
      label="Text of the flow"
      readOnly={!mayWrite}
      markers={problems.filter((problem) => problem.file === "" && problem.to >= problem.from && problem.to > 0)}
      onChange={(text) => doc.type(text, Date.now())}
      complete={complete}
      onUndo={() => doc.undo()}
      onRedo={() => doc.redo()}
      reveal={place}
      onCursor={(offset) => onCursor(nodeAt(state.projection.nodes, offset)?.key)}
    />
  );
}
