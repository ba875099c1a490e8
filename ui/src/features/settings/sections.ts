import { Building2, ChartNoAxesColumn, Folders, KeyRound, LockKeyhole, type LucideIcon, Plug, ScrollText, UserRoundCog, Users, Variable } from "lucide-react";
import type { Permission } from "@/features/session/permissions";

export interface Section {
  to: "/settings/account" | "/settings/keys" | "/settings/organisation" | "/settings/members" | "/settings/projects" | "/settings/usage" | "/settings/audit" | "/settings/secrets" | "/settings/variables" | "/settings/interfaces";
  label: string;
  icon: LucideIcon;
  words: string;
  needs?: Permission;
}

/** The pages of the settings, by whom or what they are about. */
export const GROUPS: { label: string; sections: Section[] }[] = [
  {
    label: "You",
    sections: [
      { to: "/settings/account", label: "Sign-in", icon: UserRoundCog, words: "password authenticator two factor sessions account" },
      { to: "/settings/keys", label: "API keys", icon: KeyRound, words: "tokens scopes", needs: "keys.own" },
    ],
  },
  {
    label: "Organisation",
    sections: [
      { to: "/settings/organisation", label: "Organisation", icon: Building2, words: "tenant leave" },
      { to: "/settings/members", label: "Members", icon: Users, words: "people roles invite", needs: "members.read" },
      { to: "/settings/projects", label: "Projects", icon: Folders, words: "services", needs: "projects.read" },
      { to: "/settings/usage", label: "Usage", icon: ChartNoAxesColumn, words: "tier limits quota plan", needs: "usage.read" },
      { to: "/settings/audit", label: "Audit log", icon: ScrollText, words: "history changes who", needs: "audit.read" },
    ],
  },
  {
    label: "Project",
    sections: [
      { to: "/settings/secrets", label: "Secrets", icon: LockKeyhole, words: "credentials passwords", needs: "secrets.read" },
      { to: "/settings/variables", label: "Variables", icon: Variable, words: "values", needs: "variables.read" },
      { to: "/settings/interfaces", label: "Public interfaces", icon: Plug, words: "endpoints paths http", needs: "interfaces.read" },
    ],
  },
];
