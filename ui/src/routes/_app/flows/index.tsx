import { createFileRoute } from "@tanstack/react-router";
import { Workflow } from "lucide-react";
import { FlowsPage } from "@/features/flows/page";

export const Route = createFileRoute("/_app/flows/")({
  staticData: { nav: { label: "Flows", icon: Workflow, order: 20, words: "workflows list", needs: "flows.read" } },
  component: FlowsPage,
});
