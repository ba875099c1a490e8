import { BaseEdge, type Edge, EdgeLabelRenderer, type EdgeProps, getBezierPath, getSmoothStepPath, useStore } from "@xyflow/react";
import { Plus } from "lucide-react";
import { memo, useState } from "react";
import type { FlowEdge } from "@/document";
import { cn } from "@/lib/cn";
import { HEIGHT } from "../model/layout";
import type { EdgeState } from "../model/steps";
import { useActions } from "./actions";
import { SIMPLE_BELOW } from "./node";

export interface WireData extends Record<string, unknown> {
  edge: FlowEdge;
  /** What the run that is shown made of it. */
  state: EdgeState | undefined;
  readOnly: boolean;
}

export type WireEdge = Edge<WireData, "wire">;

/** An edge; while it is pointed at or selected it offers to put a step in its middle. */
export const WireView = memo(function WireView(props: EdgeProps<WireEdge>) {
  const { id, data, selected } = props;
  // Known to this edge alone, so that a pointer that passes over a large drawing draws nothing else anew.
  const [hot, setHot] = useState(false);
  const tree = data?.edge.sort === "child";
  const [path, x, y] = tree ? getSmoothStepPath({ ...props, borderRadius: 8 }) : props.targetX < props.sourceX ? pathBack(props) : getBezierPath(props);
  const label = data?.edge.label;
  const failing = (data?.edge.ways?.[0] ?? data?.edge.handle) === "error";
  const state = data?.state;
  const looked = hot || selected;
  return (
    <g onPointerEnter={() => setHot(true)} onPointerLeave={() => setHot(false)}>
      <BaseEdge id={id} path={path} markerEnd={props.markerEnd ?? ""} interactionWidth={18} className={cn(selected ? "stroke-ring! stroke-[2.5]!" : failing ? "stroke-bad!" : state ? (state.busy ? "stroke-busy! stroke-2!" : "stroke-ok! stroke-2!") : "stroke-control!", failing && "[stroke-dasharray:5_4]")} />
      {state && !(looked && !data.readOnly) ? <Went state={state} {...(tree ? { x: props.targetX - BEFORE, y: props.targetY } : { x, y: label ? y + 14 : y })} failing={failing} /> : null}
      {label || (!data?.readOnly && looked) ? (
        <EdgeLabelRenderer>
          <div data-edge={id} className="nodrag nopan pointer-events-auto absolute flex items-center gap-1" style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}>
            {label ? <span className="rounded-sm bg-canvas px-1 text-xs text-muted">{label}</span> : null}
            {!data?.readOnly && looked ? <Insert edge={id} /> : null}
          </div>
        </EdgeLabelRenderer>
      ) : null}
    </g>
  );
});

/** In a tree many edges share a trunk, so each is marked where it ends. */
const BEFORE = 26;

/** What leads back goes around the steps at its ends, below those that stand side by side. */
function pathBack(props: EdgeProps<WireEdge>): ReturnType<typeof getSmoothStepPath> {
  const { sourceY, targetY } = props;
  const centerY = Math.abs(sourceY - targetY) < 1.5 * HEIGHT ? Math.max(sourceY, targetY) + HEIGHT : (sourceY + targetY) / 2;
  return getSmoothStepPath({ ...props, borderRadius: 12, offset: 24, centerY });
}

/** How a run went along it, by a mark and in words. A part of the drawing itself: hundreds of them cost little. */
function Went({ state: { busy, times, items }, x, y, failing }: { state: EdgeState; x: number; y: number; failing: boolean }) {
  const afar = useStore((now) => now.transform[2] < SIMPLE_BELOW);
  if (afar) return null;
  const words = times > 1 ? `× ${times}` : items === undefined ? "" : items === 1 ? "1 item" : `${items} items`;
  const tone = failing ? "fill-bad stroke-bad" : busy ? "fill-busy stroke-busy" : "fill-ok stroke-ok";
  return (
    <g transform={`translate(${x} ${y})`} className="pointer-events-none">
      <circle r={6.5} className={cn(tone, "stroke-0")} />
      <path d={failing ? "M-2.5 -2.5L2.5 2.5M2.5 -2.5L-2.5 2.5" : busy ? "M-3 0H3M0.5 -2.5L3 0L0.5 2.5" : "M-3 0.2L-0.9 2.4L3 -2.2"} className="fill-none stroke-surface stroke-[1.6]" />
      {words === "" ? null : <text x={10} y={-3} className="fill-ink stroke-canvas text-[11px] [paint-order:stroke] [stroke-width:3px]">{words}</text>}
    </g>
  );
}

/** From afar it would be too small to be meant, and stand in the way of whoever moves the drawing. */
function Insert({ edge }: { edge: string }) {
  const actions = useActions();
  const afar = useStore((state) => state.transform[2] < SIMPLE_BELOW);
  if (afar) return null;
  return (
    <button type="button" aria-label="Put a step here" className="flex size-5 items-center justify-center rounded-full border border-control bg-surface text-ink hover:bg-raised" onClick={() => actions.insert(edge)}>
      <Plus className="size-3.5" aria-hidden />
    </button>
  );
}
