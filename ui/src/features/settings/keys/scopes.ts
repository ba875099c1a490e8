import type { Permission } from "@/features/session/permissions";

/** What keys can be limited to, by what it is about. */
export const SCOPES: { label: string; scopes: { value: Permission; label: string }[] }[] = [
  { label: "Flows", scopes: [{ value: "flows.read", label: "See" }, { value: "flows.write", label: "Edit" }, { value: "flows.publish", label: "Publish" }, { value: "flows.deploy", label: "Switch on and off" }, { value: "hosts.serve", label: "Run compiled code on a host" }] },
  { label: "Runs", scopes: [{ value: "runs.read", label: "See" }, { value: "runs.start", label: "Start" }, { value: "runs.control", label: "Cancel, fix, answer" }] },
  { label: "Triggers", scopes: [{ value: "triggers.read", label: "See" }, { value: "triggers.write", label: "Change" }] },
  { label: "Interfaces", scopes: [{ value: "interfaces.read", label: "See" }, { value: "interfaces.write", label: "Change" }] },
  { label: "Variables", scopes: [{ value: "variables.read", label: "See" }, { value: "variables.write", label: "Set" }] },
  { label: "Secrets", scopes: [{ value: "secrets.read", label: "See names" }, { value: "secrets.write", label: "Set" }] },
  { label: "Projects", scopes: [{ value: "projects.read", label: "See" }, { value: "projects.write", label: "Change" }] },
  { label: "Members", scopes: [{ value: "members.read", label: "See" }, { value: "members.write", label: "Change" }] },
  { label: "Keys", scopes: [{ value: "keys.own", label: "Own" }, { value: "keys.write", label: "Everybody’s" }] },
  { label: "Organisation", scopes: [{ value: "usage.read", label: "See usage" }, { value: "audit.read", label: "Read the audit log" }, { value: "tenant.write", label: "Change owners" }] },
];

/** Only what whoever makes a key may do themselves can be given. */
export const scopesOf = (permissions: readonly string[]) =>
  SCOPES.map(({ label, scopes }) => ({ label, scopes: scopes.filter(({ value }) => permissions.includes(value)) })).filter(({ scopes }) => scopes.length > 0);

export const EXPIRIES = [
  { value: "30", label: "In 30 days" },
  { value: "90", label: "In 90 days" },
  { value: "365", label: "In a year" },
  { value: "date", label: "On a day" },
  { value: "", label: "Never" },
];

const DAY = 86_400_000;

/** When a key ends, RFC 3339; a day counts to its end, as the browser's clock has it. Undefined for never. */
export function expiry(choice: string, day: string, now: number): string | undefined {
  if (choice === "") return undefined;
  if (choice === "date") return day ? new Date(`${day}T23:59:59`).toISOString() : undefined;
  return new Date(now + Number(choice) * DAY).toISOString();
}
