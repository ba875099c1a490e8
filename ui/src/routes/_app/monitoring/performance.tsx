import { createFileRoute } from "@tanstack/react-router";
import { RANGES, type Range, type Zoom, zoomOf } from "@/features/dashboard/data";
import { PerformancePage } from "@/features/performance/page";

/** With `since` and `until` a part of the range is looked at. */
interface Search extends Partial<Zoom> {
  range?: Range;
  flow?: string;
}

export const Route = createFileRoute("/_app/monitoring/performance")({
  validateSearch: (search: Record<string, unknown>): Search => ({
    ...(typeof search.range === "string" && search.range in RANGES ? { range: search.range as Range } : {}),
    ...(typeof search.flow === "string" && search.flow ? { flow: search.flow } : {}),
    ...zoomOf(search.since, search.until),
  }),
  component: PerformancePage,
});
