import { createFileRoute } from "@tanstack/react-router";
import { SecretsPage } from "@/features/settings/secrets/page";

export const Route = createFileRoute("/_app/settings/secrets")({
  validateSearch: (search: Record<string, unknown>): { project?: string } => (typeof search.project === "string" && search.project ? { project: search.project } : {}),
  component: SecretsPage,
});
