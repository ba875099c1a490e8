import { createFileRoute } from "@tanstack/react-router";
import { History } from "lucide-react";
import { RunsPage } from "@/features/runs/list/page";
import { readSearch } from "@/features/runs/list/search";

export const Route = createFileRoute("/_app/runs/")({
  staticData: { nav: { label: "Runs", icon: History, order: 30, words: "executions history list", needs: "runs.read" } },
  validateSearch: readSearch,
  component: RunsPage,
});
