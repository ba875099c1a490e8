import { createFileRoute } from "@tanstack/react-router";
import { Workflow } from "lucide-react";
import { FlowsPage } from "@/features/flows/page";

interface Search {
  text?: string;
  open?: "new" | "import" | "deleted";
}

export const Route = createFileRoute("/_app/flows/")({
  staticData: { nav: { label: "Flows", icon: Workflow, order: 20, words: "workflows list", needs: "flows.read" } },
  validateSearch: (search: Record<string, unknown>): Search => ({
    ...(typeof search.text === "string" && search.text ? { text: search.text } : {}),
    ...(search.open === "new" || search.open === "import" || search.open === "deleted" ? { open: search.open } : {}),
  }),
  component: FlowsPage,
});
