import { createFileRoute } from "@tanstack/react-router";
import { Gauge } from "lucide-react";
import { RANGES, type Range } from "@/features/dashboard/data";
import { Home } from "@/features/dashboard/home";

interface Search {
  range?: Range;
  flow?: string;
}

export const Route = createFileRoute("/_app/")({
  staticData: { nav: { label: "Dashboard", icon: Gauge, order: 10, words: "home figures analytics" } },
  validateSearch: (search: Record<string, unknown>): Search => ({
    ...(typeof search.range === "string" && search.range in RANGES ? { range: search.range as Range } : {}),
    ...(typeof search.flow === "string" && search.flow ? { flow: search.flow } : {}),
  }),
  component: Home,
});
