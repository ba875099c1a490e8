/** What of a flow says how it stands. */
interface Standing {
  name: string;
  status: { status: string; asleep: boolean };
}

export const SHOWN = [
  { value: "all", label: "All" },
  { value: "error", label: "In error" },
  { value: "on", label: "On" },
  { value: "asleep", label: "Asleep" },
  { value: "off", label: "Off" },
] as const;

export type Shown = (typeof SHOWN)[number]["value"];

/** One of the ways in which a flow can stand. */
export function standingOf({ status: { status, asleep } }: Standing): Exclude<Shown, "all"> {
  if (status === "stopped") return "off";
  if (status === "error") return "error";
  return asleep ? "asleep" : "on";
}

export const shownOf = <T extends Standing>(flows: T[], shown: Shown): T[] => (shown === "all" ? flows : flows.filter((flow) => standingOf(flow) === shown));

export const countOf = (flows: Standing[], shown: Shown): number => shownOf(flows, shown).length;

const ORDER = ["error", "on", "asleep", "off"];

/** What needs somebody comes first, then by name. */
export function sorted<T extends Standing>(flows: T[]): T[] {
  return flows.toSorted((a, b) => ORDER.indexOf(standingOf(a)) - ORDER.indexOf(standingOf(b)) || a.name.localeCompare(b.name));
}
