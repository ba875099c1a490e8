import { createFileRoute } from "@tanstack/react-router";
import { Settings } from "lucide-react";
import { SettingsLayout } from "@/features/settings/layout";

export const Route = createFileRoute("/_app/settings")({
  staticData: { nav: { label: "Settings", icon: Settings, order: 90, words: "members roles keys secrets variables interfaces audit usage password authenticator projects" } },
  component: SettingsLayout,
});
