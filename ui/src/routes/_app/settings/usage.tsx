import { createFileRoute } from "@tanstack/react-router";
import { UsagePage } from "@/features/settings/usage/page";

export const Route = createFileRoute("/_app/settings/usage")({ component: UsagePage });
