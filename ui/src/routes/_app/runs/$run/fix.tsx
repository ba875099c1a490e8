import { createFileRoute } from "@tanstack/react-router";
import { FixPage } from "@/features/runs/fix/page";

export const Route = createFileRoute("/_app/runs/$run/fix")({ component: FixPage });
