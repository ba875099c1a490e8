import { createFileRoute } from "@tanstack/react-router";
import { InterfacesPage } from "@/features/settings/interfaces/page";

export const Route = createFileRoute("/_app/settings/interfaces")({
  validateSearch: (search: Record<string, unknown>): { project?: string } => (typeof search.project === "string" && search.project ? { project: search.project } : {}),
  component: InterfacesPage,
});
