import "uplot/dist/uPlot.min.css";
import { type KeyboardEvent, useEffect, useRef } from "react";
import uPlot from "uplot";
import { useLatest } from "@/lib/latest";
import { useDark } from "@/lib/theme";
import { type Look, optionsOf, type PlotRow } from "./plot-look";
import { nearest, whereTo } from "./walk";

export interface PlotProps extends Omit<Look, "rows" | "range"> {
  label: string;
  /** Seconds since 1970. */
  from: number;
  until: number;
  /** The middle of each part, in seconds since 1970. */
  times: readonly number[];
  rows: readonly PlotRow[];
  /** The part that is pointed at, here or in another plot of the group. */
  at: number | undefined;
  onAt: (at: number | undefined) => void;
  /** A part of the time is to be looked at, from the first to the last of some parts. */
  onZoom: (first: number, last: number) => void;
  onZoomOut: () => void;
  /** What is in a part, in words. */
  said: (at: number) => string;
}

/**
 * Values over time. The pointer shows what is in a part, a drag looks closer, a double click goes back. By keys it is a
 * slider over its parts: with Shift a range is chosen, Enter looks closer and Escape goes back.
 */
export default function Plot(props: PlotProps) {
  const { label, times, rows, at, group, tenfold } = props;
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const anchor = useRef<number>(undefined);
  const latest = useLatest(props);
  const dark = useDark();
  const shape = JSON.stringify(rows.map(({ label, colour, sort }) => ({ label, colour, sort })));
  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const made = make(element, { rows: JSON.parse(shape) as Look["rows"], group, tenfold, range: () => [latest.current.from, latest.current.until], words: (value) => latest.current.words(value) }, latest);
    plot.current = made;
    const watch = new ResizeObserver(() => made.setSize(sizeOf(element)));
    watch.observe(element);
    return () => {
      watch.disconnect();
      made.destroy();
    };
    // oxlint-disable-next-line react/exhaustive-deps -- with another theme every colour is another
  }, [shape, group, tenfold, dark, latest]);
  useEffect(() => plot.current?.setData(dataOf(times, rows)), [times, rows, dark]);
  useEffect(() => plot.current && point(plot.current, times, at), [times, at]);
  return (
    <div
      role="slider"
      tabIndex={0}
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={Math.max(0, times.length - 1)}
      aria-valuenow={at ?? times.length - 1}
      aria-valuetext={at === undefined ? "Arrow keys go through the parts" : props.said(at)}
      onKeyDown={(event) => plot.current && press(event, plot.current, props, anchor)}
      className="h-full w-full overflow-hidden rounded-sm outline-none focus-visible:ring-2 focus-visible:ring-ring [&_.u-select]:bg-accent/15"
      ref={host}
    />
  );
}

const sizeOf = (element: HTMLElement) => ({ width: element.clientWidth, height: element.clientHeight });

const dataOf = (times: readonly number[], rows: readonly PlotRow[]): uPlot.AlignedData => [[...times], ...rows.map(({ values }) => values)];

function make(element: HTMLElement, look: Look, latest: { current: PlotProps }): uPlot {
  const partAt = (time: number) => nearest(latest.current.times, time);
  const heard = {
    pointed: (part: number | undefined) => part !== latest.current.at && latest.current.onAt(part),
    chosen: (from: number, until: number) => latest.current.onZoom(partAt(from), partAt(until)),
    left: () => latest.current.onZoomOut(),
  };
  return new uPlot(optionsOf(look, heard, sizeOf(element)), dataOf(latest.current.times, latest.current.rows), element);
}

/** Puts the cursor on a part, unless the pointer is what put it there. */
function point(plot: uPlot, times: readonly number[], at: number | undefined): void {
  if ((plot.cursor.idx ?? undefined) === at) return;
  const time = at === undefined ? undefined : times[at];
  const left = time === undefined ? -10 : plot.valToPos(time, "x");
  plot.setCursor({ left, top: left < 0 ? -10 : 1 }, false);
}

/** By keys: `anchor` is where a range began that is being chosen. */
function press(event: KeyboardEvent, plot: uPlot, { times, at, onAt, onZoom, onZoomOut }: PlotProps, anchor: { current: number | undefined }): void {
  const last = times.length - 1;
  const to = whereTo(event.key, at ?? last + 1, last);
  if (to !== undefined) {
    anchor.current = event.shiftKey ? (anchor.current ?? at ?? to) : undefined;
    mark(plot, times, anchor.current, to);
    onAt(to);
  } else if (event.key === "Enter" && anchor.current !== undefined && at !== undefined) {
    onZoom(Math.min(anchor.current, at), Math.max(anchor.current, at));
    anchor.current = mark(plot, times, undefined, at);
  } else if (event.key === "Escape") {
    if (anchor.current === undefined) onZoomOut();
    anchor.current = mark(plot, times, undefined, 0);
    onAt(undefined);
  } else return;
  event.preventDefault();
}

/** Shows what is chosen between two parts, or that nothing is. */
function mark(plot: uPlot, times: readonly number[], one: number | undefined, other: number): undefined {
  const place = (part: number) => plot.valToPos(times[part] ?? 0, "x");
  const [from, to] = one === undefined ? [0, 0] : [Math.min(place(one), place(other)), Math.max(place(one), place(other))];
  plot.setSelect({ left: from, width: to - from, top: 0, height: one === undefined ? 0 : plot.bbox.height / devicePixelRatio }, false);
}
