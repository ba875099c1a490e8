import { createFileRoute } from "@tanstack/react-router";
import { readVersionSearch } from "@/features/builder/compared";
import { BuilderPage } from "@/features/builder/page";

export const Route = createFileRoute("/_app/flows/$flow/")({ validateSearch: readVersionSearch, component: BuilderPage });
