import { createFileRoute } from "@tanstack/react-router";
import { Blocks } from "lucide-react";
import { CataloguePage } from "@/features/catalogue/page";

interface Search {
  text?: string;
}

export const Route = createFileRoute("/_app/integrations/")({
  staticData: { nav: { label: "Integrations", icon: Blocks, order: 60, words: "kinds catalogue steps nodes components" } },
  validateSearch: (search: Record<string, unknown>): Search => (typeof search.text === "string" && search.text ? { text: search.text } : {}),
  component: CataloguePage,
});
