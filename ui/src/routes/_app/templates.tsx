import { createFileRoute } from "@tanstack/react-router";
import { LayoutTemplate } from "lucide-react";
import { TemplatesPage } from "@/features/templates/page";

interface Search {
  template?: string;
}

export const Route = createFileRoute("/_app/templates")({
  staticData: { nav: { label: "Templates", icon: LayoutTemplate, order: 50, words: "examples start new", needs: "flows.read" } },
  validateSearch: (search: Record<string, unknown>): Search =>
    typeof search.template === "string" && search.template ? { template: search.template } : {},
  component: TemplatesPage,
});
