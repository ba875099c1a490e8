import type { Schemas } from "@/lib/api";

export type Role = Schemas["RoleName"];

/** The least first; each may do what those before it may. */
export const ROLES: { value: Role; label: string; may: string }[] = [
  { value: "viewer", label: "Viewer", may: "Sees everything but the audit log" },
  { value: "operator", label: "Operator", may: "Also runs flows, switches them on and off, sets variables" },
  { value: "editor", label: "Editor", may: "Also edits and publishes flows, triggers, secrets and interfaces" },
  { value: "admin", label: "Administrator", may: "Also looks after members, keys and projects, and reads the audit log" },
  { value: "owner", label: "Owner", may: "Everything" },
];

const rank = (role: string): number => ROLES.findIndex(({ value }) => value === role);

export const roleLabel = (role: string): string => ROLES.find(({ value }) => value === role)?.label ?? role;

/** Nobody gives more than they have. */
export const rolesUpTo = (role: string) => ROLES.filter(({ value }) => rank(value) <= rank(role));

export const atMost = (role: string, limit: string): boolean => rank(role) <= rank(limit);
