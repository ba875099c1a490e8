import { createFileRoute } from "@tanstack/react-router";
import { ProjectsPage } from "@/features/settings/projects/page";

export const Route = createFileRoute("/_app/settings/projects")({ component: ProjectsPage });
