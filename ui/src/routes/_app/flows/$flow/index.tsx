import { createFileRoute } from "@tanstack/react-router";
import { FlowPage } from "@/features/flows/flow";

export const Route = createFileRoute("/_app/flows/$flow/")({ component: FlowPage });
