import { Link } from "@tanstack/react-router";
import { type Bar, Bars } from "@/components/charts/bars";
import { Panel } from "@/components/ui/panel";
import { duration } from "@/lib/time";
import type { Analytics, Range } from "./data";
import { Nothing } from "./nothing";

/** How many runs ended when, and how many of them failed. */
export function RunsChart({ data, look }: { data: Analytics; look: { range?: Range; flow?: string } }) {
  const failed = data.series.reduce((sum, part) => sum + part.failed, 0);
  return (
    <Panel
      title="Runs"
      actions={
        <div className="flex items-center gap-3 text-sm text-muted">
          <Key className="bg-series-1" label={`Succeeded ${(data.totalRuns - failed).toLocaleString()}`} />
          <Key className="bg-bad" label={`Failed ${failed.toLocaleString()}`} />
          <Link to="/monitoring/performance" search={look} className="text-accent-ink hover:underline">
            Look closer
          </Link>
        </div>
      }
    >
      <div className="h-56 px-4 pt-3 pb-3">
        {data.totalRuns === 0 ? (
          <Nothing>No run ended in this time.</Nothing>
        ) : (
          <Bars bars={barsOf(data)} colours={["bg-bad", "bg-series-1"]} label={`Bar chart of ${data.totalRuns} runs, ${failed} of them failed, over ${data.series.length} parts of the time range`} />
        )}
      </div>
    </Panel>
  );
}

function barsOf({ series, bucket }: Analytics): Bar[] {
  const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
  const day = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });
  const whole = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });
  return series.map((part) => {
    const at = new Date(part.at);
    const mean = part.runs > 0 ? `, ${duration(part.avgDuration)} on average` : "";
    return {
      key: part.at,
      label: (bucket >= 10_800 ? day : clock).format(at),
      parts: [part.failed, part.runs - part.failed],
      words: `From ${whole.format(at)}: ${part.runs} ${part.runs === 1 ? "run" : "runs"}, ${part.failed} failed${mean}`,
    };
  });
}

function Key({ className, label }: { className: string; label: string }) {
  return (
    <span className="flex items-center gap-1.5 tabular">
      <span aria-hidden className={`size-2 rounded-xs ${className}`} />
      {label}
    </span>
  );
}
