import { memo, useMemo } from "react";
import { Panel } from "@/components/ui/panel";
import { duration } from "@/lib/time";
import type { Analytics } from "./data";
import { Nothing } from "./nothing";

/** As many names as fit below each other. */
const MOST_NAMED = 14;

/** How many runs took how long, and when: darker is more. The part that is pointed at elsewhere has a frame. */
export function LatencyMap({ data, at }: { data: Analytics; at?: number | undefined }) {
  const { classes, rows } = useMemo(() => used(data.heatmap.classes, data.heatmap.rows), [data]);
  return (
    <Panel title="Latency" hint="Runs by how long they took">
      <div className="h-56 px-4 pt-2 pb-3">
        {data.totalRuns === 0 ? (
          <Nothing>No run ended in this time.</Nothing>
        ) : (
          <div className="flex h-full gap-2">
            <ul className="flex flex-col-reverse pb-5 text-xs/none text-muted tabular" aria-hidden>
              {classes.map((label, at) => (
                // Each stands at its row, however low that is; of rows that are too low for all, some are named.
                <li key={label} className="flex min-h-0 flex-1 basis-0 items-center justify-end whitespace-nowrap">
                  {at % Math.ceil(classes.length / MOST_NAMED) === 0 ? label : <span className="invisible">{label}</span>}
                </li>
              ))}
            </ul>
            <div className="flex min-w-0 flex-1 flex-col">
              <div role="img" aria-label={inWords(classes, rows)} className="relative flex min-h-0 flex-1">
                <Cells data={data} classes={classes} rows={rows} />
                {at === undefined || at >= rows.length ? null : (
                  <span className="pointer-events-none absolute inset-y-0 rounded-xs ring-2 ring-ring" style={{ insetInlineStart: `${(at / rows.length) * 100}%`, width: `${100 / rows.length}%` }} />
                )}
              </div>
              <div className="flex h-5 items-end justify-between text-xs text-muted tabular">
                <span>{from(data, 0)}</span>
                <span>{from(data, Math.floor(rows.length / 2))}</span>
                <span>{from(data, rows.length - 1)}</span>
              </div>
            </div>
          </div>
        )}
      </div>
    </Panel>
  );
}

/** Drawn once for all that is pointed at. */
const Cells = memo(function Cells({ data, classes, rows }: { data: Analytics; classes: string[]; rows: number[][] }) {
  const most = Math.max(1, ...rows.flat());
  return (
    <div className="flex min-h-0 min-w-0 flex-1 gap-px">
      {rows.map((row, part) => (
        <div key={data.series[part]?.at ?? part} className="flex min-w-0 flex-1 flex-col-reverse gap-px">
          {row.map((count, kind) => (
            <div
              key={classes[kind]}
              className="min-h-0 flex-1 rounded-[2px] bg-sunken"
              style={count === 0 ? undefined : { backgroundColor: `color-mix(in oklab, var(--heat) ${shade(count, most)}%, var(--sunken))` }}
              title={count === 0 ? undefined : `${count} ${count === 1 ? "run" : "runs"}, ${classes[kind]}, ${from(data, part)}`}
            />
          ))}
        </div>
      ))}
    </div>
  );
});

/** Only the classes between the fastest and the slowest run there was, so that the rows are worth their height. */
export function used(ends: number[], rows: number[][]): { classes: string[]; rows: number[][] } {
  const labels = [...ends.map((end) => `≤ ${duration(end)}`), `> ${duration(ends.at(-1))}`];
  const hit = labels.map((_, kind) => rows.some((row) => (row[kind] ?? 0) > 0));
  const first = Math.max(0, hit.indexOf(true) - 1);
  const last = Math.min(labels.length, Math.max(hit.lastIndexOf(true) + 2, first + 4));
  return { classes: labels.slice(first, last), rows: rows.map((row) => row.slice(first, last)) };
}

/** A few runs among many are seen all the same. */
const shade = (count: number, most: number): number => Math.round(22 + 78 * Math.sqrt(count / most));

function from(data: Analytics, part: number): string {
  const at = data.series[part]?.at;
  if (!at) return "";
  const days = data.bucket >= 10_800;
  const form: Intl.DateTimeFormatOptions = days ? { month: "short", day: "numeric" } : { hour: "2-digit", minute: "2-digit" };
  return new Intl.DateTimeFormat(undefined, form).format(new Date(at));
}

function inWords(classes: string[], rows: number[][]): string {
  const counts = classes.map((label, kind) => [label, rows.reduce((sum, row) => sum + (row[kind] ?? 0), 0)] as const);
  return `Runs by duration: ${counts.filter(([, count]) => count > 0).map(([label, count]) => `${label}: ${count}`).join(", ")}`;
}
