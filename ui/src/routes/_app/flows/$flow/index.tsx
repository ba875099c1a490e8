import { createFileRoute } from "@tanstack/react-router";
import { BuilderPage } from "@/features/builder/page";

export const Route = createFileRoute("/_app/flows/$flow/")({ component: BuilderPage });
