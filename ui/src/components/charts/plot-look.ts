import uPlot from "uplot";

/** Values over time: as bars that stand on the axis, or as a line. `colour` is a token of the style sheet. */
export interface PlotRow {
  label: string;
  colour: string;
  sort: "bar" | "line";
  /** One for each part; nothing where there was nothing to measure. */
  values: (number | null)[];
}

/** What a plot looks like; all times are seconds since 1970. */
export interface Look {
  rows: readonly Pick<PlotRow, "label" | "colour" | "sort">[];
  /** Plots of one group share the cursor. */
  group: string;
  range: () => [from: number, until: number];
  /** A value as the axis names it. */
  words: (value: number) => string;
  /** From the shortest to the longest in even steps of a tenfold each. */
  tenfold: boolean;
}

/** Told while somebody points at a plot or drags over it. */
export interface Heard {
  pointed: (part: number | undefined) => void;
  chosen: (from: number, until: number) => void;
  left: () => void;
}

const AXIS = 44;
/** A shorter drag was meant as a click. */
const LEAST_DRAG = 6;

const token = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export function optionsOf(look: Look, heard: Heard, size: { width: number; height: number }): uPlot.Options {
  const line = { stroke: token("--line"), width: 1 };
  const axis: uPlot.Axis = { stroke: token("--muted"), font: '11px "Inter Variable", sans-serif', grid: line, ticks: { show: false } };
  return {
    ...size,
    // At the right there is room for half a name of a time.
    padding: [8, 20, 0, 0],
    legend: { show: false },
    cursor: { sync: { key: look.group }, y: false, drag: { x: true, y: false, setScale: false, dist: LEAST_DRAG }, points: { size: 7 }, bind: { dblclick: () => () => (heard.left(), null) } },
    scales: { x: { time: true, range: () => look.range() }, y: scaleOf(look) },
    axes: [
      { ...axis, grid: { show: false }, size: 26, values: (_plot, marks, _axis, _space, step) => marks.map((mark) => named(mark, step)) },
      { ...axis, grid: look.tenfold ? { ...line, filter: (_plot, marks) => marks.map((mark) => (isTenfold(mark) ? mark : null)) } : line, size: AXIS, gap: 4, space: 34, values: (_plot, marks) => marks.map((mark) => (mark === null ? "" : look.words(mark))) },
    ],
    series: [{}, ...look.rows.map(seriesOf)],
    hooks: {
      setCursor: [(plot) => heard.pointed(plot.cursor.idx ?? undefined)],
      setSelect: [(plot) => choose(plot, heard)],
    },
  };
}

function scaleOf({ tenfold }: Look): uPlot.Scale {
  if (tenfold) return { distr: 3, log: 10 };
  // Whole numbers are counted, so the axis goes to 1 at least.
  return { range: (_plot, _least, most) => [0, Math.max(1, most * 1.05)] };
}

function seriesOf({ label, colour, sort }: Look["rows"][number]): uPlot.Series {
  const drawn = token(colour);
  // What stands alone between gaps is no line, but it is there.
  if (sort === "line") return { label, stroke: drawn, width: 1.75, points: { show: true, size: 5, width: 0, fill: drawn, stroke: drawn } };
  const bars = uPlot.paths.bars?.({ size: [0.75, 40], align: 0 });
  return { label, fill: drawn, stroke: drawn, width: 0, points: { show: false }, ...(bars ? { paths: bars } : {}) };
}

function isTenfold(mark: number | null): boolean {
  const power = Math.log10(mark ?? 0);
  return Math.abs(power - Math.round(power)) < 1e-9;
}

/** A drag has chosen a part of the time; the plot itself goes there when its data do. */
function choose(plot: uPlot, heard: Heard): void {
  const { left, width } = plot.select;
  if (width < LEAST_DRAG) return;
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  heard.chosen(plot.posToVal(left, "x"), plot.posToVal(left + width, "x"));
}

const DAY = 86_400;
const days = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });
const clocks = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const seconds = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** A mark of the time axis, as finely as its marks lie apart. */
function named(mark: number, step: number): string {
  const form = step >= DAY ? days : step >= 60 ? clocks : seconds;
  return form.format(new Date(mark * 1_000));
}
