import { Panel, useReactFlow, useStore } from "@xyflow/react";
import { Maximize, Minus, Plus } from "lucide-react";
import { useMemo } from "react";
import { IconButton } from "@/components/ui/button";
import type { CanvasData, Point } from "@/document";
import { cn } from "@/lib/cn";
import { around } from "../model/layout";
import { isWhole } from "../model/view";
import { FIT } from "./fit";

interface Props {
  places: ReadonlyMap<string, Point>;
  notes: CanvasData["notes"];
  /** Whether there are no keys that do the same; then Tab leads to the buttons. */
  keyless: boolean;
}

/** How near the drawing is, and buttons for it. Where some of it is not seen, the way back to all of it stands out. */
export function ZoomBar({ places, notes, keyless }: Props) {
  const { zoomIn, zoomOut, zoomTo, fitView } = useReactFlow();
  const percent = useStore(({ transform: [, , zoom] }) => Math.round(zoom * 100));
  const box = useMemo(() => around([...places.values(), ...Object.values(notes)], 0), [places, notes]);
  const whole = useStore(({ transform: [x, y, zoom], width, height }) => width === 0 || !box || isWhole(box, { x, y, zoom, width, height }, FIT.minZoom));
  const by = (shortcut: string) => ({ size: "icon-sm" as const, ...(keyless ? {} : { shortcut, tabIndex: -1 }) });
  return (
    <Panel position="bottom-left" className="m-3! flex items-center rounded-md border border-line bg-surface">
      <IconButton label="Further away" {...by("-")} onClick={() => void zoomOut()}><Minus aria-hidden /></IconButton>
      <button type="button" tabIndex={keyless ? 0 : -1} title="Zoom to 100 %" className="w-11 rounded-sm text-center text-xs text-muted tabular hover:text-ink" onClick={() => void zoomTo(1)}>{percent} %</button>
      <IconButton label="Closer" {...by("+")} onClick={() => void zoomIn()}><Plus aria-hidden /></IconButton>
      <IconButton label="Show the whole flow" {...by("1")} className={cn(!whole && "bg-accent-soft text-accent-ink")} onClick={() => void fitView(FIT)}><Maximize aria-hidden /></IconButton>
    </Panel>
  );
}
