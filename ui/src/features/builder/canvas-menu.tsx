import { useReactFlow } from "@xyflow/react";
import { Fragment, type MouseEvent, type PointerEvent, type ReactElement, useMemo, useRef, useState } from "react";
import { AtPointer, AtPointerItem, AtPointerLine } from "@/components/ui/at-pointer";
import type { Point } from "@/document";
import { type Command, useCommandState, waysOf } from "@/features/commands/commands";
import { isTyping } from "@/lib/keys";
import type { Edits, Trials } from "./actions";
import { pasteNow } from "./clipboard";
import { type Aimed, entriesOf } from "./menu-entries";
import type { Builder } from "./state";

interface CanvasMenuProps {
  builder: Builder;
  edits: Edits;
  trials: Trials;
  mayWrite: boolean;
  onSelect: (keys: string[]) => void;
  /** The drawing, which has the keys. */
  children: ReactElement;
}

interface Aim {
  aimed: Aimed;
  /** Where in the drawing. */
  at: Point;
}

/** What lies over the drawing keeps the browser's menu, as fields do. */
const NOT_OURS = ".react-flow__panel, [role=toolbar]";

/** A menu of what can be done with what was clicked, or is selected: the commands of the page, no others. */
export function CanvasMenu({ builder, edits, trials, mayWrite, onSelect, children }: CanvasMenuProps) {
  const { screenToFlowPosition } = useReactFlow();
  const asked = useRef<{ on: Element; x: number; y: number }>(undefined);
  const chosen = useRef<() => void>(undefined);
  const [{ aimed, at }, setAim] = useState<Aim>({ aimed: "canvas", at: { x: 0, y: 0 } });

  const keep = (event: MouseEvent | PointerEvent) => {
    asked.current = { on: event.target as Element, x: event.clientX, y: event.clientY };
  };
  const aim = () => {
    if (!asked.current) return;
    const { on, x, y } = asked.current;
    const found = aimedAt(on, builder);
    // What is one of several that are selected stays so.
    if (found && !found.keys.some((key) => builder.selected.has(key))) onSelect(found.keys);
    const what = found?.aimed ?? ofSelection(builder, edits);
    // Of an edge or a note nothing can be read that is not seen.
    const usable = what === "steps" || (mayWrite && (what === "note" || builder.state.broken.length === 0));
    setAim({ aimed: usable ? what : "canvas", at: screenToFlowPosition({ x, y }) });
  };
  return (
    <AtPointer
      label={labelOf(aimed, builder, edits)}
      onContextMenuCapture={(event) => {
        const on = event.target as Element;
        if (!event.currentTarget.contains(on) || isTyping(on) || on.closest(NOT_OURS) || (!mayWrite && builder.projection.nodes.length === 0)) event.stopPropagation();
      }}
      onContextMenu={(event) => {
        // By a key, wherever the browser thinks that is: at what is selected.
        if (event.target === event.currentTarget && event.nativeEvent.isTrusted) {
          event.preventDefault();
          openMenu(event.currentTarget);
        } else keep(event);
      }}
      // A finger that rests.
      onPointerDown={(event) => event.pointerType !== "mouse" && keep(event)}
      onOpenChange={(open) => open && aim()}
      onCloseAutoFocus={(event) => {
        const run = chosen.current;
        chosen.current = undefined;
        if (!run) return;
        // What it opens, or its key, finds the page as if the key had been pressed.
        event.preventDefault();
        document.getElementById("canvas")?.focus();
        run();
      }}
      menu={<Entries builder={builder} edits={edits} trials={trials} aimed={aimed} at={at} onChoose={(run) => (chosen.current = run)} />}
    >
      {children}
    </AtPointer>
  );
}

/** Opens the menu of what is selected, beside it. */
export function openMenu(canvas: HTMLElement): void {
  const box = canvas.getBoundingClientRect();
  const marked = canvas.querySelector(".react-flow__node.selected, .react-flow__edge.selected .react-flow__edge-path")?.getBoundingClientRect() ?? box;
  const within = (value: number, from: number, to: number) => Math.max(from + 8, Math.min(value, to - 8));
  const clientX = within(marked.left + marked.width / 2, box.left, box.right);
  const clientY = within(marked.top + marked.height / 2, box.top, box.bottom);
  canvas.dispatchEvent(new globalThis.MouseEvent("contextmenu", { clientX, clientY, bubbles: true, cancelable: true }));
}

/** What of the drawing an element belongs to, and what is selected with it; nothing where what is selected is meant. */
function aimedAt(on: Element, { projection, state, shown }: Builder): { aimed: Aimed; keys: string[] } | undefined {
  if (on.id === "canvas" || on.closest(".react-flow__nodesselection")) return undefined;
  const edge = on.closest("[data-edge]")?.getAttribute("data-edge") ?? on.closest(".react-flow__edge")?.getAttribute("data-id");
  if (edge) return { aimed: "edge", keys: [`edge:${edge}`] };
  const key = on.closest(".react-flow__node")?.getAttribute("data-id") ?? "";
  if (projection.nodes.some((node) => node.key === key)) return { aimed: "steps", keys: [key] };
  if (key.startsWith("note:")) return { aimed: "note", keys: [key] };
  // The name of a frame stands for what is in it.
  const framed = key.startsWith("region:") ? [key.slice("region:".length)] : (state.canvas.groups[key.slice("group:".length)]?.nodes ?? []);
  const seen = framed.filter((one) => shown.nodes.some((node) => node.key === one));
  return seen.length > 0 ? { aimed: "steps", keys: seen } : { aimed: "canvas", keys: [] };
}

function ofSelection({ selected }: Builder, { keys, edge }: Edits): Aimed {
  if (keys.length > 0) return "steps";
  if (edge) return "edge";
  return [...selected].some((key) => key.startsWith("note:")) ? "note" : "canvas";
}

function labelOf(aimed: Aimed, { projection }: Builder, { keys, edge }: Edits): string {
  const titleOf = (key: string | undefined) => projection.nodes.find((node) => node.key === key)?.title ?? "";
  switch (aimed) {
    case "steps":
      return keys.length === 1 ? `Step ${titleOf(keys[0])}` : `${keys.length} steps`;
    case "edge":
      return `Edge from ${titleOf(edge?.source)} to ${titleOf(edge?.target)}`;
    case "note":
      return "Note";
    case "canvas":
      return "Canvas";
  }
}

interface EntriesProps extends Pick<CanvasMenuProps, "builder" | "edits" | "trials"> {
  aimed: Aimed;
  at: Point;
  onChoose: (run: () => void) => void;
}

function Entries({ builder, edits, trials, aimed, at, onChoose }: EntriesProps) {
  const commands = useCommandState(({ lists }) => lists.builder ?? NONE);
  const { document: doc, projection, state, steps, collapsed } = builder;
  const { keys, edge } = edits;
  const { pins } = trials;
  // oxlint-disable-next-line react/exhaustive-deps -- the selected steps are others only where something that is named is
  const entries = useMemo(() => entriesOf(aimed, { document: doc, projection, state, steps, collapsed, keys, edge: edge?.key, pins }), [aimed, doc, state, steps, collapsed, builder.selected, pins]);
  // On the empty canvas the same is done where it was clicked.
  const there: Record<string, () => void> = aimed === "canvas" ? { add: () => edits.add(at), note: () => edits.note({ x: Math.round(at.x), y: Math.round(at.y) }), paste: () => void pasteNow(builder, edits, false, at) } : {};
  const parts = entries.map((part) => part.flatMap((entry) => offered(entry, commands))).filter((part) => part.length > 0);
  return parts.map((part, index) => (
    <Fragment key={part[0]?.id}>
      {index > 0 ? <AtPointerLine /> : null}
      {part.map(({ id, title, icon, keys: shortcut, run }) => (
        <AtPointerItem key={id} icon={icon} shortcut={shortcut} danger={id === "delete"} onSelect={() => onChoose(there[id] ?? run)}>
          {title}
        </AtPointerItem>
      ))}
    </Fragment>
  ));
}

const NONE: Command[] = [];

/** A command as the menu shows it, with the first of its keys; nothing where it is not offered to this role. */
function offered({ id, title }: { id: string; title?: string }, commands: readonly Command[]): Command[] {
  const command = commands.find((one) => one.id === id);
  if (!command) return [];
  const { keys: _all, ...rest } = command;
  const [keys] = waysOf(command);
  return [{ ...rest, title: title ?? command.title, ...(keys === undefined ? {} : { keys }) }];
}
