import { createFileRoute } from "@tanstack/react-router";
import { KindPage } from "@/features/catalogue/kind";

export const Route = createFileRoute("/_app/integrations/$kind")({ component: KindPage });
