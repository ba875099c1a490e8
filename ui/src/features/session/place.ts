import { create } from "zustand";
import { useSession } from "./data";

/** Which project is looked at, for each organisation; empty for all of them. Kept between visits. */
const KEY = "weir.project";

function read(): Record<string, string> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return typeof kept === "object" && kept !== null ? (kept as Record<string, string>) : {};
  } catch {
    return {};
  }
}

const useChosen = create<{ chosen: Record<string, string> }>(() => ({ chosen: read() }));

function choose(tenant: string, project: string): void {
  const chosen = { ...useChosen.getState().chosen, [tenant]: project };
  useChosen.setState({ chosen });
  try {
    localStorage.setItem(KEY, JSON.stringify(chosen));
  } catch {
    // It holds until the page is left.
  }
}

/** The project that lists and figures are about: `""` for all of the organisation's. */
export function useProject(): [string, (project: string) => void] {
  const { tenant } = useSession();
  const project = useChosen((state) => state.chosen[tenant] ?? "");
  return [project, (next) => choose(tenant, next)];
}
