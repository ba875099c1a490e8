import { createFileRoute } from "@tanstack/react-router";
import { ResetPage } from "@/features/joining/reset";

export const Route = createFileRoute("/reset")({ component: ResetPage });
