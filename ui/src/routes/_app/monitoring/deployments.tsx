import { createFileRoute } from "@tanstack/react-router";
import { DeploymentsPage } from "@/features/monitoring/deployments";
import { SHOWN, type Shown } from "@/features/monitoring/standing";

export const Route = createFileRoute("/_app/monitoring/deployments")({
  validateSearch: (search: Record<string, unknown>): { show?: Shown } => {
    const show = SHOWN.find(({ value }) => value === search.show)?.value;
    return show ? { show } : {};
  },
  component: DeploymentsPage,
});
