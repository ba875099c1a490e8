import { lazy, Suspense } from "react";
import { Panel } from "@/components/ui/panel";
import { Skeleton } from "@/components/ui/skeleton";
import type { Analytics } from "./data";
import { Nothing } from "./nothing";

const Chart = lazy(() => import("./chart"));

/** How many runs ended when, and how many of them failed. */
export function RunsChart({ data }: { data: Analytics }) {
  const failed = data.series.reduce((sum, part) => sum + part.failed, 0);
  return (
    <Panel
      title="Runs"
      actions={
        <div className="flex items-center gap-3 text-sm text-muted">
          <Key className="bg-series-1" label={`Succeeded ${(data.totalRuns - failed).toLocaleString()}`} />
          <Key className="bg-bad" label={`Failed ${failed.toLocaleString()}`} />
        </div>
      }
    >
      <div className="h-56 px-2 pb-2">
        {data.totalRuns === 0 ? (
          <Nothing>No run ended in this time.</Nothing>
        ) : (
          <Suspense fallback={<Skeleton className="m-2 h-48" />}>
            <Chart series={data.series} bucket={data.bucket} />
          </Suspense>
        )}
      </div>
    </Panel>
  );
}

function Key({ className, label }: { className: string; label: string }) {
  return (
    <span className="flex items-center gap-1.5 tabular">
      <span aria-hidden className={`size-2 rounded-xs ${className}`} />
      {label}
    </span>
  );
}
