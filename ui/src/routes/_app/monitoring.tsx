import { createFileRoute } from "@tanstack/react-router";
import { Activity } from "lucide-react";
import { MonitoringLayout } from "@/features/monitoring/layout";

export const Route = createFileRoute("/_app/monitoring")({
  staticData: { nav: { label: "Monitoring", icon: Activity, order: 40, words: "deployments performance latency p95 charts schedule calendar ticks usage health", needs: "flows.read" } },
  component: MonitoringLayout,
});
