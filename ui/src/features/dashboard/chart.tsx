import "uplot/dist/uPlot.min.css";
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import { useDark } from "@/lib/theme";
import { duration } from "@/lib/time";
import type { Analytics } from "./data";

/** Bars for runs, one part in front of the other, and what the pointer is on in words. */
export default function Chart({ series, bucket }: { series: Analytics["series"]; bucket: number }) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot>(undefined);
  const data = useRef<uPlot.AlignedData>([[], [], []]);
  const dark = useDark();
  useEffect(() => {
    const host = place.current;
    if (!host) return;
    const made = new uPlot(options(host, bucket, dark), data.current, host);
    chart.current = made;
    const resize = new ResizeObserver(() => made.setSize({ width: host.clientWidth, height: host.clientHeight }));
    resize.observe(host);
    return () => {
      resize.disconnect();
      made.destroy();
    };
  }, [bucket, dark]);
  useEffect(() => {
    data.current = [
      series.map((part) => Date.parse(part.at) / 1_000),
      series.map((part) => part.runs),
      series.map((part) => part.failed),
      series.map((part) => part.avgDuration),
    ];
    chart.current?.setData(data.current);
  }, [series]);
  const total = series.reduce((sum, part) => sum + part.runs, 0);
  return <div ref={place} role="img" aria-label={`Bar chart of ${total} runs over ${series.length} parts of the time range`} className="h-full w-full" />;
}

/** It draws by itself, so it is made anew where the theme changes; by then the theme's colours hold. */
function options(host: HTMLElement, bucket: number, _dark: boolean): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const clock = new Intl.DateTimeFormat(undefined, bucket >= 10_800 ? { month: "short", day: "numeric" } : { hour: "2-digit", minute: "2-digit" });
  const font = "11.5px 'Inter Variable', system-ui, sans-serif";
  const axis = { stroke: colour("--muted"), font, grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
  const bars = uPlot.paths.bars?.({ size: [0.74, 28], radius: 0.12, align: 1 });
  const bar = (fill: string) => ({ fill, width: 0, points: { show: false }, ...(bars ? { paths: bars } : {}) });
  return {
    width: host.clientWidth,
    height: host.clientHeight,
    padding: [10, 8, 0, 0],
    legend: { show: false },
    cursor: { points: { show: false }, drag: { setScale: false }, y: false },
    scales: { x: { range: (_chart, first, last) => [first, last + bucket] }, y: { range: (_chart, _low, high) => [0, Math.max(4, Math.ceil(high * 1.08))] }, d: { auto: true } },
    axes: [{ ...axis, space: 70, values: (_chart, times) => times.map((time) => clock.format(time * 1_000)) }, { ...axis, size: 44, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 100_000, 1_000_000] }],
    series: [{}, bar(colour("--series-1")), bar(colour("--bad")), { show: false, scale: "d" }],
    plugins: [pointed(bucket)],
  };
}

/** Says in words what the part under the pointer holds. */
function pointed(bucket: number): uPlot.Plugin {
  const box = document.createElement("div");
  box.className = "pointer-events-none absolute z-10 hidden whitespace-nowrap rounded-md border border-line bg-raised px-2 py-1 text-sm text-ink shadow-pop";
  const clock = new Intl.DateTimeFormat(undefined, bucket >= 10_800 ? { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" } : { hour: "2-digit", minute: "2-digit" });
  return {
    hooks: {
      init: (chart) => void chart.over.append(box),
      setCursor: (chart) => {
        const at = chart.cursor.idx;
        const start = at === null || at === undefined ? undefined : chart.data[0][at];
        box.classList.toggle("hidden", start === undefined);
        if (at === null || at === undefined || start === undefined) return;
        const runs = chart.data[1]?.[at] ?? 0;
        const failed = chart.data[2]?.[at] ?? 0;
        const mean = runs ? `, ${duration(chart.data[3]?.[at])} on average` : "";
        box.textContent = `${clock.format(start * 1_000)}: ${runs} ${runs === 1 ? "run" : "runs"}, ${failed} failed${mean}`;
        const left = chart.cursor.left ?? 0;
        const flip = left > chart.over.clientWidth / 2;
        box.style.left = flip ? "" : `${left + 12}px`;
        box.style.right = flip ? `${chart.over.clientWidth - left + 12}px` : "";
        box.style.top = "4px";
      },
    },
  };
}
