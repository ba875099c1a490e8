import { useVirtualizer } from "@tanstack/react-virtual";
import { CircleAlert, CircleSlash, TriangleAlert } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { outline, type OutlineRow } from "@/canvas/model/outline";
import { named } from "@/canvas/model/walk";
import { SearchInput } from "@/components/ui/input";
import { runLook, StateIcon } from "@/components/ui/status";
import { cn } from "@/lib/cn";
import { ChoiceIcon } from "./choice-icon";
import type { Builder } from "./state";

const ROW = 28;

/** Every step of the flow, one below the other: found by its name, selected by a click, opened by two. */
export default function Outline({ builder }: { builder: Builder }) {
  const { projection, selected, select, opened, setOpened } = builder;
  const [text, setText] = useState("");
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useMemo(() => found(projection, text), [projection, text]);
  const list = useVirtualizer({ count: rows.length, getScrollElement: () => scroller.current, estimateSize: () => ROW, overscan: 10 });
  const choose = (key: string) => {
    select([key]);
    if (opened !== undefined) setOpened(key);
  };
  const at = rows.findIndex(({ node }) => selected.has(node.key));
  useEffect(() => {
    if (at >= 0) list.scrollToIndex(at, { align: "auto" });
  }, [at, list]);
  return (
    <>
      <div className="p-2">
        <SearchInput aria-label="Find a step of this flow" placeholder="Find a step" value={text} onChange={(event) => setText(event.target.value)} />
      </div>
      <div ref={scroller} className="min-h-0 flex-1 overflow-auto px-2 pb-3" tabIndex={-1}>
        <ul aria-label="Steps of this flow" className="relative" style={{ height: list.getTotalSize() }}>
          {list.getVirtualItems().map(({ index, start }) => {
            const row = rows[index];
            return row ? (
              <li key={row.node.key} className="absolute inset-x-0" style={{ top: start, height: ROW }}>
                <Line row={row} builder={builder} onSelect={() => choose(row.node.key)} onOpen={() => setOpened(row.node.key)} />
              </li>
            ) : null;
          })}
        </ul>
        {rows.length === 0 ? <p className="px-1.5 py-4 text-sm text-muted">{projection.nodes.length === 0 ? "There are no steps yet." : "No step is called so."}</p> : null}
      </div>
    </>
  );
}

function found(projection: Builder["projection"], text: string): OutlineRow[] {
  if (text.trim() === "") return outline(projection);
  return named(projection, text).map((node) => ({ node, depth: 0 }));
}

function Line({ row: { node, depth }, builder, onSelect, onOpen }: { row: OutlineRow; builder: Builder; onSelect: () => void; onOpen: () => void }) {
  const state = builder.states.get(node.key);
  const wrong = builder.problems.filter((one) => one.key === node.key);
  const worst = wrong.find((one) => one.severity === "error") ?? wrong.find((one) => one.severity === "warning");
  const chosen = builder.selected.has(node.key);
  return (
    <button
      type="button"
      aria-current={chosen ? "true" : undefined}
      title={`${node.title} · ${node.id}`}
      className={cn("flex h-7 w-full items-center gap-2 rounded-md pe-1.5 text-start text-base hover:bg-hover", chosen && "bg-pressed")}
      style={{ paddingInlineStart: 6 + Math.min(depth, 8) * 12 }}
      onClick={onSelect}
      onDoubleClick={onOpen}
    >
      <ChoiceIcon icon={undefined} shape={node.shape} className="size-3.5 shrink-0 text-muted" />
      <span className={cn("min-w-0 flex-1 truncate", node.disabled && "text-muted line-through")} dir="auto">{node.title}</span>
      {node.disabled ? <CircleSlash className="size-3.5 shrink-0 text-muted" aria-label="disabled" /> : null}
      {worst ? worst.severity === "error" ? <CircleAlert className="size-3.5 shrink-0 text-bad-ink" aria-label="has an error" /> : <TriangleAlert className="size-3.5 shrink-0 text-warn-ink" aria-label="has a warning" /> : null}
      {state ? <State status={state.wait ? "waiting" : state.status} /> : null}
    </button>
  );
}

function State({ status }: { status: string }) {
  const look = runLook(status);
  return (
    <>
      <StateIcon look={look} />
      <span className="sr-only">{look.label}</span>
    </>
  );
}
