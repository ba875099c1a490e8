import { createFileRoute } from "@tanstack/react-router";
import { Gauge } from "lucide-react";
import { Home } from "@/features/dashboard/home";

export const Route = createFileRoute("/_app/")({
  staticData: { nav: { label: "Dashboard", icon: Gauge, order: 10, words: "home figures analytics" } },
  component: Home,
});
