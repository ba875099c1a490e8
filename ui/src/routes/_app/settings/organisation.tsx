import { createFileRoute } from "@tanstack/react-router";
import { OrganisationPage } from "@/features/settings/organisation/page";

export const Route = createFileRoute("/_app/settings/organisation")({ component: OrganisationPage });
