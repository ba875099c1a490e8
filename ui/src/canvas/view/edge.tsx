import { BaseEdge, type Edge, EdgeLabelRenderer, type EdgeProps, getBezierPath, getSmoothStepPath, useStore } from "@xyflow/react";
import { Plus } from "lucide-react";
import { memo, useState } from "react";
import type { FlowEdge } from "@/document";
import { cn } from "@/lib/cn";
import { useActions } from "./actions";
import { SIMPLE_BELOW } from "./node";

export interface WireData extends Record<string, unknown> {
  edge: FlowEdge;
  taken?: boolean;
  readOnly: boolean;
}

export type WireEdge = Edge<WireData, "wire">;

/** An edge; while it is pointed at or selected it offers to put a step in its middle. */
export const WireView = memo(function WireView(props: EdgeProps<WireEdge>) {
  const { id, data, selected } = props;
  // Known to this edge alone, so that a pointer that passes over a large drawing draws nothing else anew.
  const [hot, setHot] = useState(false);
  const tree = data?.edge.sort === "child";
  const [path, x, y] = tree ? getSmoothStepPath({ ...props, borderRadius: 8 }) : getBezierPath(props);
  const label = data?.edge.label;
  const failing = data?.edge.handle === "error";
  return (
    <g onPointerEnter={() => setHot(true)} onPointerLeave={() => setHot(false)}>
      <BaseEdge id={id} path={path} markerEnd={props.markerEnd ?? ""} interactionWidth={18} className={cn(selected ? "stroke-ring! stroke-[2.5]!" : failing ? "stroke-bad!" : data?.taken ? "stroke-ok! stroke-2!" : "stroke-control!", failing && "[stroke-dasharray:5_4]")} />
      {label || (!data?.readOnly && (hot || selected)) ? (
        <EdgeLabelRenderer>
          <div className="nodrag nopan pointer-events-auto absolute flex items-center gap-1" style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}>
            {label ? <span className="rounded-sm bg-canvas px-1 text-xs text-muted">{label}</span> : null}
            {!data?.readOnly && (hot || selected) ? <Insert edge={id} /> : null}
          </div>
        </EdgeLabelRenderer>
      ) : null}
    </g>
  );
});

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
