import { Link } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import { Checkbox } from "@/components/ui/toggle";
import { Moment } from "@/components/ui/moment";
import { RunState } from "@/components/ui/status";
import { useMay } from "@/features/session/data";
import { cn } from "@/lib/cn";
import { duration } from "@/lib/time";
import { useTicking } from "@/lib/ticking";
import { isOpen, type RunLine } from "../data";
import { TRIGGERS } from "./search";

interface Props {
  lines: RunLine[];
  showProject: boolean;
  chosen: ReadonlySet<string>;
  onChosen: (chosen: ReadonlySet<string>) => void;
  more: boolean;
  busy: boolean;
  onMore: () => void;
}

const HEIGHT = 44;

/** Where there is little room, project and start are left to the filters, so that how long a run took is seen. */
const NARROW = "max-xl:grid-cols-[1.25rem_7rem_minmax(9rem,1.2fr)_minmax(8rem,2fr)_5rem_6.5rem]";
const IF_ROOM = "max-xl:hidden";

/** The same columns for the head and every row. */
const columns = (project: boolean) =>
  cn("grid items-center gap-3 px-4", NARROW, project ? "grid-cols-[1.25rem_7rem_minmax(10rem,1.2fr)_minmax(8rem,2fr)_7rem_6rem_6rem_6rem]" : "grid-cols-[1.25rem_7rem_minmax(10rem,1.2fr)_minmax(8rem,2fr)_6rem_6rem_6rem]");

/** Only the rows in sight are drawn, however many there are. */
export function RunRows(props: Props) {
  const { lines, showProject, more, busy, onMore } = props;
  const scroll = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({ count: lines.length, getScrollElement: () => scroll.current, estimateSize: () => HEIGHT, overscan: 12, getItemKey: (at) => lines[at]?.run ?? at });
  const last = rows.getVirtualItems().at(-1)?.index ?? 0;
  useEffect(() => {
    if (more && !busy && last >= lines.length - 15) onMore();
  }, [more, busy, last, lines.length, onMore]);
  const now = useTicking(lines.some(isOpen), 1_000);
  return (
    <div ref={scroll} className="min-h-0 flex-1 overflow-auto" tabIndex={-1}>
      <div role="table" aria-label="Runs" aria-rowcount={lines.length + 1} className="min-w-240 max-xl:min-w-172">
        <Heading {...props} className={columns(showProject)} />
        <div role="rowgroup" className="relative" style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map(({ index, start, key }) => {
            const line = lines[index];
            return line ? (
              <div key={key} role="row" aria-rowindex={index + 2} style={{ height: HEIGHT, transform: `translateY(${start}px)` }} className={cn(columns(showProject), "absolute inset-x-0 top-0 border-b border-line text-base hover:bg-hover")}>
                <Line line={line} now={now} {...props} />
              </div>
            ) : null;
          })}
        </div>
      </div>
    </div>
  );
}

function Heading({ lines, chosen, onChosen, showProject, className }: Props & { className: string }) {
  const may = useMay();
  const all = lines.length > 0 && chosen.size >= lines.length;
  const names = ["State", "Flow", "What came of it", ...(showProject ? ["Project"] : []), "Started by", "Took", "Began"];
  return (
    <div role="rowgroup" className="sticky top-0 z-10 bg-surface">
      <div role="row" aria-rowindex={1} className={cn(className, "h-8 border-b border-line text-xs font-medium text-muted")}>
        <span role="columnheader" aria-label="Chosen">
          {may("runs.control") ? (
            <Checkbox aria-label="Choose all that are shown" checked={all ? true : chosen.size > 0 ? "indeterminate" : false} onCheckedChange={(on) => onChosen(on === true ? new Set(lines.map(({ run }) => run)) : new Set())} />
          ) : null}
        </span>
        {names.map((name) => (
          <span key={name} role="columnheader" className={cn((name === "Took" || name === "Began") && "text-end", (name === "Project" || name === "Started by") && IF_ROOM)}>
            {name}
          </span>
        ))}
      </div>
    </div>
  );
}

function Line({ line, now, showProject, chosen, onChosen }: Props & { line: RunLine; now: number }) {
  const may = useMay();
  const choose = (on: boolean) => {
    const next = new Set(chosen);
    if (on) next.add(line.run);
    else next.delete(line.run);
    onChosen(next);
  };
  return (
    <>
      <span role="cell">{may("runs.control") ? <Checkbox aria-label={`Choose ${line.flow}, ${line.run}`} checked={chosen.has(line.run)} onCheckedChange={(on) => choose(on === true)} /> : null}</span>
      <span role="cell">
        <RunState state={line.status} />
      </span>
      <span role="cell" className="min-w-0">
        <Link to="/runs/$run" params={{ run: line.run }} className="block truncate font-medium hover:underline" title={line.run}>
          <bdi>{line.flow}</bdi>
        </Link>
      </span>
      <span role="cell" className="min-w-0 truncate text-sm text-muted" dir="auto" title={line.error?.message}>
        {line.error ? (
          <Link to="/runs/$run" params={{ run: line.run }} search={{ tab: "steps", step: line.error.path }} className="hover:underline">
            <span className="font-mono text-bad-ink">{line.error.code}</span> {line.error.message}
          </Link>
        ) : (
          <span className="font-mono text-xs">{line.run}</span>
        )}
      </span>
      {showProject ? (
        <span role="cell" className={cn("truncate text-muted", IF_ROOM)}>
          {line.project}
        </span>
      ) : null}
      <span role="cell" className={cn("truncate text-muted", IF_ROOM)}>
        {line.trigger ? (TRIGGERS[line.trigger.type] ?? line.trigger.type) : "–"}
      </span>
      <span role="cell" className="text-end tabular">
        {took(line, now)}
      </span>
      <span role="cell" className="whitespace-nowrap text-end text-muted">
        <Moment at={line.createdAt} />
      </span>
    </>
  );
}

export function took({ startedAt, endedAt }: { startedAt?: string | null; endedAt?: string | null }, now: number): string {
  if (!startedAt) return "–";
  const from = new Date(startedAt).getTime();
  return duration(Math.max(0, (endedAt ? new Date(endedAt).getTime() : now) - from));
}
