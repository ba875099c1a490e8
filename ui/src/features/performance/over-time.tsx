import { type ReactNode, useMemo, useState } from "react";
import { ChartColumn, Table2, ZoomOut } from "lucide-react";
import { Button } from "@/components/ui/button";
import { Panel } from "@/components/ui/panel";
import { Skeleton } from "@/components/ui/skeleton";
import type { PlotRow } from "@/components/charts/plot-look";
import { late } from "@/lib/late";
import { amount, duration } from "@/lib/time";
import type { Analytics, Zoom } from "@/features/dashboard/data";
import { Nothing } from "@/features/dashboard/nothing";
import { PartsTable } from "./parts-table";
import { spanWords, wordsOf } from "./parts";

const { Part: Plot } = late(() => import("@/components/charts/plot"), { waiting: <Skeleton className="h-full" /> });

interface OverTimeProps {
  data: Analytics;
  zoom: Zoom | undefined;
  onZoom: (zoom: Zoom | undefined) => void;
  at: number | undefined;
  onAt: (at: number | undefined) => void;
}

/** How many runs ended when and how long they took, with one cursor over both; or the same as a table. */
export function OverTime({ data, zoom, onZoom, at, onAt }: OverTimeProps) {
  const [listed, setListed] = useState(false);
  const actions = (
    <>
      {zoom ? <Button size="sm" onClick={() => onZoom(undefined)}><ZoomOut aria-hidden />Whole range</Button> : null}
      {data.totalRuns > 0 ? <Button size="sm" look="quiet" onClick={() => setListed(!listed)}>{listed ? <ChartColumn aria-hidden /> : <Table2 aria-hidden />}{listed ? "As charts" : "As a table"}</Button> : null}
    </>
  );
  return (
    <Panel title="Over time" hint={zoom ? spanWords(data) : "Drag over a part of it to look closer"} actions={actions}>
      {data.totalRuns === 0 ? <div className="h-56"><Nothing>No run ended in this time.</Nothing></div> : listed ? <PartsTable data={data} /> : <Charts data={data} zoom={zoom} onZoom={onZoom} at={at} onAt={onAt} />}
    </Panel>
  );
}

const COUNTS = [
  { label: "Succeeded", colour: "--series-1", look: "bg-series-1" },
  { label: "Failed", colour: "--bad", look: "bg-bad" },
] as const;
const TIMES = [
  { label: "p50", colour: "--series-4", look: "bg-series-4" },
  { label: "p95", colour: "--series-2", look: "bg-series-2" },
  { label: "p99", colour: "--series-3", look: "bg-series-3" },
] as const;

function Charts({ data, onZoom, at, onAt }: OverTimeProps) {
  const { series } = data;
  const shared = useMemo(() => sharedOf(data), [data]);
  const counts = useMemo((): PlotRow[] => [{ ...COUNTS[0], sort: "bar", values: series.map((part) => part.runs) }, { ...COUNTS[1], sort: "bar", values: series.map((part) => part.failed) }], [series]);
  const times = useMemo((): PlotRow[] => TIMES.map((row) => ({ ...row, sort: "line", values: series.map((part) => (part.runs > 0 ? part[`${row.label}Duration`] : null)) })), [series]);
  const here = at === undefined ? undefined : series[at];
  const zoomTo = (first: number, last: number) => {
    const [from, to] = [series[first], series[last]];
    if (from && to) onZoom({ since: from.at, until: new Date(Date.parse(to.at) + data.bucket * 1_000).toISOString() });
  };
  const all = { ...shared, at, onAt, onZoom: zoomTo, onZoomOut: () => onZoom(undefined), said: (part: number) => (series[part] ? wordsOf(series[part], data.bucket) : "") };
  const failed = series.reduce((sum, part) => sum + part.failed, 0);
  return (
    <div className="grid gap-x-4 px-4 pb-3 xl:grid-cols-2">
      <Chart title="Runs" keys={COUNTS} values={here ? [here.runs - here.failed, here.failed].map(amount) : [data.totalRuns - failed, failed].map(amount)}>
        <Plot {...all} label="Runs over time" rows={counts} words={amount} tenfold={false} />
      </Chart>
      <Chart title="Duration" keys={TIMES} values={(here ? (here.runs > 0 ? [here.p50Duration, here.p95Duration, here.p99Duration] : [null, null, null]) : [data.p50Duration, data.p95Duration, data.p99Duration]).map(duration)}>
        <Plot {...all} label="Duration over time" rows={times} words={duration} tenfold />
      </Chart>
      <p className="col-span-full h-5 truncate text-sm text-muted tabular">{at === undefined || !here ? spanWords(data) : wordsOf(here, data.bucket)}</p>
    </div>
  );
}

function sharedOf({ since, until, bucket, series }: Analytics) {
  return { group: "over-time", from: Date.parse(since) / 1_000, until: Date.parse(until) / 1_000, times: series.map((part) => Date.parse(part.at) / 1_000 + bucket / 2) };
}

function Chart({ title, keys, values, children }: { title: string; keys: readonly { label: string; look: string }[]; values: string[]; children: ReactNode }) {
  return (
    <figure className="min-w-0">
      <figcaption className="flex h-7 items-center gap-4 text-sm">
        <span className="font-medium">{title}</span>
        {keys.map(({ label, look }, place) => (
          <span key={label} className="flex items-center gap-1.5 text-muted tabular">
            <span aria-hidden className={`size-2 rounded-xs ${look}`} />
            {label} {values[place]}
          </span>
        ))}
      </figcaption>
      <div className="h-44">{children}</div>
    </figure>
  );
}
