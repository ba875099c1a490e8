import { createFileRoute } from "@tanstack/react-router";
import { ComparePage } from "@/features/runs/machine/compare";

const text = (value: unknown): string => (typeof value === "string" ? value : "");

export const Route = createFileRoute("/_app/runs/compare")({
  validateSearch: (search: Record<string, unknown>): { a: string; b: string } => ({ a: text(search.a), b: text(search.b) }),
  component: ComparePage,
});
