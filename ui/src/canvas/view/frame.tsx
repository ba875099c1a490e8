import type { Node, NodeProps } from "@xyflow/react";
import { memo } from "react";
import { cn } from "@/lib/cn";

export interface FrameData extends Record<string, unknown> {
  title: string;
  sort: "group" | "region";
}

export type FrameNode = Node<FrameData, "frame">;

/** The box around a group or the body of a loop. It lies below everything. */
export const FrameView = memo(function FrameView({ data }: NodeProps<FrameNode>) {
  return (
    <div className={cn("size-full rounded-xl border px-3 py-1", data.sort === "region" ? "border-dashed border-control" : "border-accent bg-accent-soft/40")}>
      <span className="text-sm font-medium text-muted" dir="auto">{data.title}</span>
    </div>
  );
});
