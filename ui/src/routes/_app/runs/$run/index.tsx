import { createFileRoute } from "@tanstack/react-router";
import { RunPage } from "@/features/runs/run/page";
import { readRunSearch } from "@/features/runs/run/search";

export const Route = createFileRoute("/_app/runs/$run/")({ validateSearch: readRunSearch, component: RunPage });
