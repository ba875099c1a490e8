import { createFileRoute } from "@tanstack/react-router";
import { VariablesPage } from "@/features/settings/variables/page";

const text = (value: unknown): value is string => typeof value === "string" && value !== "";

export const Route = createFileRoute("/_app/settings/variables")({
  validateSearch: (search: Record<string, unknown>): { project?: string; service?: string } => ({
    ...(text(search.project) ? { project: search.project } : {}),
    ...(text(search.service) ? { service: search.service } : {}),
  }),
  component: VariablesPage,
});
