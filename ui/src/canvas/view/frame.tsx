import type { Node, NodeProps } from "@xyflow/react";
import { memo, useState } from "react";
import { cn } from "@/lib/cn";
import type { Frame } from "../model/frames";
import { useActions } from "./actions";

export interface FrameData extends Record<string, unknown> {
  frame: Frame;
  readOnly: boolean;
}

export type FrameNode = Node<FrameData, "frame">;

/** The box around a group or the body of a loop. It lies below everything; a click on its name selects what is in it, where that can be. */
export const FrameView = memo(function FrameView({ data: { frame, readOnly } }: NodeProps<FrameNode>) {
  const { id, title, sort, keys } = frame;
  const { within, called } = useActions();
  const [naming, setNaming] = useState(false);
  const named = sort === "group" && !readOnly && called !== undefined;
  const finish = (text: string) => {
    setNaming(false);
    if (text.trim() !== "" && text !== title) called?.(id.slice("group:".length), text.trim());
  };
  return (
    <div className={cn("pointer-events-none size-full rounded-xl border px-3 py-1", sort === "region" ? "border-dashed border-control" : "border-accent bg-accent-soft/40")}>
      {naming ? (
        <input
          // oxlint-disable-next-line jsx-a11y/no-autofocus -- whoever names it wants to type
          autoFocus
          aria-label="Name of the group"
          className="nodrag nopan pointer-events-auto w-full max-w-60 rounded-sm border border-control bg-surface px-1 text-sm"
          defaultValue={title}
          onFocus={(event) => event.target.select()}
          onBlur={(event) => finish(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== "Enter" && event.key !== "Escape") return;
            const field = event.currentTarget;
            if (event.key === "Escape") field.value = title;
            const canvas = field.closest<HTMLElement>("[role=application][tabindex]");
            field.blur();
            canvas?.focus();
          }}
        />
      ) : within === undefined ? (
        <span className="inline-block max-w-full truncate px-1 text-sm font-medium text-muted" dir="auto">{title}</span>
      ) : (
        <button
          type="button"
          tabIndex={-1}
          title={named ? "Select what is in it; two clicks give it another name" : "Select what is in it"}
          className="nodrag nopan pointer-events-auto max-w-full truncate rounded-sm px-1 text-sm font-medium text-muted hover:text-ink"
          dir="auto"
          onClick={() => within(keys)}
          onDoubleClick={() => named && setNaming(true)}
        >
          {title}
        </button>
      )}
    </div>
  );
});
