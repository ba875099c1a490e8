import { createFileRoute } from "@tanstack/react-router";
import { dayNamed, type View } from "@/features/monitoring/days";
import { SchedulePage } from "@/features/monitoring/schedule";

export const Route = createFileRoute("/_app/monitoring/schedule")({
  validateSearch: (search: Record<string, unknown>): { view?: View; day?: string } => ({
    ...(search.view === "week" || search.view === "month" ? { view: search.view } : {}),
    ...(typeof search.day === "string" && dayNamed(search.day) !== undefined ? { day: search.day } : {}),
  }),
  component: SchedulePage,
});
