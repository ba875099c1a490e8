import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useMemo, useRef, useState } from "react";
import { Checkbox } from "@/components/ui/toggle";
import { Empty } from "@/components/ui/states";
import { runLook, StateIcon } from "@/components/ui/status";
import { cn } from "@/lib/cn";
import { clock, duration } from "@/lib/time";
import { useTicking } from "@/lib/ticking";
import { isOpen, type Run } from "../data";
import { useFollowed } from "../live/follow";
import type { Step } from "../steps/tree";
import { type Bar, bars, busy, isWait } from "./rows";
import { place, type Span, type Stretch, stretches } from "./scale";

interface Props {
  run: Run;
  steps: Step[];
  chosen: string | undefined;
  onOpen: (path: string) => void;
}

const HEIGHT = 30;
const COLOURS: Record<string, string> = { succeeded: "bg-ok", failed: "bg-bad", timed_out: "bg-bad", running: "bg-busy", waiting: "bg-wait", cancelled: "bg-control", skipped: "bg-control", pending: "bg-control" };

/** When each step was at work. Where nothing happened for long, the line is folded. */
export function Timeline({ run, steps, chosen, onOpen }: Props) {
  const { happened } = useFollowed();
  const now = useTicking(isOpen(run), 500);
  const [fold, setFold] = useState(true);
  const all = useMemo(() => bars(steps, happened.attempts, now), [steps, happened.attempts, now]);
  const parts = useMemo(() => stretches(busy(all), wholeOf(run, all, now), fold), [all, run, now, fold]);
  const scroll = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({ count: all.length, getScrollElement: () => scroll.current, estimateSize: () => HEIGHT, overscan: 15 });
  const [at, setAt] = useState<number>();
  if (all.length === 0) return <Empty title="Nothing to show yet">Steps appear here as they begin.</Empty>;
  const chosenAt = at ?? Math.max(0, all.findIndex(({ step }) => step.path === chosen));
  const press = (event: KeyboardEvent) => {
    const to = { ArrowDown: chosenAt + 1, ArrowUp: chosenAt - 1, Home: 0, End: all.length - 1 }[event.key];
    const line = all[chosenAt];
    if (to !== undefined && all[to]) {
      setAt(to);
      rows.scrollToIndex(to, { align: "auto" });
    } else if (event.key === "Enter" && line) onOpen(line.step.path);
    else return;
    event.preventDefault();
  };
  const folded = parts.filter((part) => part.folded);
  return (
    <div className="flex h-full min-h-100 flex-col gap-2">
      <div className="flex flex-wrap items-center gap-4 text-sm text-muted">
        <span>{duration(wholeOf(run, all, now).to - wholeOf(run, all, now).from)} from end to end</span>
        <label htmlFor="fold-waits" className="flex items-center gap-1.5 text-ink">
          <Checkbox id="fold-waits" checked={fold} onCheckedChange={(on) => setFold(on === true)} />
          Fold waits
        </label>
        {folded.length > 0 ? <span>{folded.length === 1 ? "1 idle time is folded" : `${folded.length} idle times are folded`}</span> : null}
        <span className="ms-auto max-md:hidden">↑ ↓ to walk, Enter to open</span>
      </div>
      <div ref={scroll} role="listbox" aria-label="Time line" tabIndex={0} aria-activedescendant={`run-bar-${chosenAt}`} onKeyDown={press} className="min-h-0 flex-1 overflow-auto rounded-lg border border-line bg-surface">
        <Axis parts={parts} />
        <div role="presentation" className="relative" style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map(({ index, start }) => {
            const bar = all[index];
            return bar ? <Line key={bar.step.path} id={`run-bar-${index}`} bar={bar} parts={parts} start={start} chosen={index === chosenAt} onChoose={() => setAt(index)} onOpen={() => onOpen(bar.step.path)} /> : null;
          })}
        </div>
      </div>
    </div>
  );
}

function wholeOf(run: Run, all: Bar[], now: number): Span {
  const spans = all.flatMap(({ span }) => (span ? [span] : []));
  const began = run.startedAt ? new Date(run.startedAt).getTime() : now;
  const ended = run.endedAt ? new Date(run.endedAt).getTime() : isOpen(run) ? now : began;
  return { from: Math.min(began, ...spans.map(({ from }) => from)), to: Math.max(ended, ...spans.map(({ to }) => to)) };
}

const LEFT = "w-64 shrink-0 max-md:w-36";

function Axis({ parts }: { parts: Stretch[] }) {
  return (
    <div role="presentation" className="sticky top-0 z-10 flex h-8 border-b border-line bg-surface text-xs text-muted">
      <div className={cn(LEFT, "border-e border-line")} />
      <div className="relative me-20 flex-1">
        {parts.map((part) => (
          <span
            key={part.from}
            title={`${clock(part.from)} to ${clock(part.to)}: ${duration(part.to - part.from)}`}
            className={cn("absolute inset-y-0 flex items-center gap-1 overflow-hidden whitespace-nowrap px-1.5 tabular", part.folded && "justify-center border-x border-line bg-sunken px-0")}
            style={{ insetInlineStart: `${part.start * 100}%`, width: `${(part.end - part.start) * 100}%` }}
          >
            <span className="truncate">{part.folded ? duration(part.to - part.from) : clock(part.from)}</span>
          </span>
        ))}
      </div>
    </div>
  );
}

interface LineProps {
  id: string;
  bar: Bar;
  parts: Stretch[];
  start: number;
  chosen: boolean;
  onChoose: () => void;
  onOpen: () => void;
}

function Line({ id, bar, parts, start, chosen, onChoose, onOpen }: LineProps) {
  const { step, span, depth, failed } = bar;
  const look = runLook(step.status);
  const took = span ? duration(span.to - span.from) : "";
  const from = span ? place(parts, span.from) : 0;
  const to = span ? place(parts, span.to) : 0;
  return (
    <div
      id={id}
      role="option"
      tabIndex={-1}
      aria-selected={chosen}
      onClick={onChoose}
      onDoubleClick={onOpen}
      onKeyDown={() => {}}
      style={{ height: HEIGHT, transform: `translateY(${start}px)` }}
      className={cn("absolute inset-x-0 top-0 flex cursor-default items-center border-b border-line text-base", chosen ? "bg-accent-soft" : "hover:bg-hover")}
      title={`${step.path}${step.waiting ? `: waits for ${step.waiting}` : ""}`}
    >
      <div className={cn(LEFT, "flex h-full items-center gap-1.5 border-e border-line pe-2")} style={{ paddingInlineStart: 10 + Math.min(depth, 10) * 12 }}>
        <StateIcon look={look} />
        <span className="truncate">
          <bdi>{step.title}</bdi>
        </span>
        <span className="sr-only">{`: ${look.label}${step.waiting ? `, waits for ${step.waiting}` : ""}${failed.length > 0 ? `, ${failed.length} failed attempts` : ""}`}</span>
      </div>
      <div className="relative me-20 h-full flex-1">
        {parts.map((part) => (part.folded ? <span key={part.from} className="absolute inset-y-0 bg-sunken" style={{ insetInlineStart: `${part.start * 100}%`, width: `${(part.end - part.start) * 100}%` }} /> : null))}
        {span ? (
          <span
            className={cn("absolute top-1/2 -translate-y-1/2 rounded-xs", step.region ? "h-1 opacity-60" : "h-3.5", isWait(step) && !step.region ? "h-2 opacity-70" : "", COLOURS[step.status] ?? "bg-control")}
            style={{ insetInlineStart: `${from * 100}%`, width: `max(3px, ${(to - from) * 100}%)` }}
          />
        ) : null}
        {failed.map((time) => (
          <span key={time} className="absolute top-1/2 size-2 -translate-1/2 rotate-45 border border-surface bg-bad" style={{ insetInlineStart: `${place(parts, time) * 100}%` }} title="An attempt failed" />
        ))}
        <span className="absolute top-1/2 -translate-y-1/2 whitespace-nowrap ps-1.5 text-xs tabular text-muted" style={{ insetInlineStart: `${to * 100}%` }}>
          {step.waiting ? `waits for ${step.waiting.length > 16 ? `${step.waiting.slice(0, 15)}…` : step.waiting}` : took}
        </span>
      </div>
    </div>
  );
}
