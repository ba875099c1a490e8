import { createFileRoute } from "@tanstack/react-router";
import { UsageTab } from "@/features/monitoring/usage";

export const Route = createFileRoute("/_app/monitoring/usage")({ component: UsageTab });
