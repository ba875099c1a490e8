export const TABS = ["steps", "graph", "timeline", "events", "logs", "state", "machine"] as const;
export type TabName = (typeof TABS)[number];

/** What is looked at of a run, as it stands in the address. */
export interface RunSearch {
  tab?: TabName;
  /** The path of a step. */
  step?: string;
  /** The record that the time machine stands at, and the one it is compared with. */
  at?: number;
  with?: number;
}

export function readRunSearch(search: Record<string, unknown>): RunSearch {
  const tab = TABS.find((one) => one === search.tab);
  const at = record(search.at);
  const other = record(search.with);
  return {
    ...(tab ? { tab } : {}),
    ...(typeof search.step === "string" && search.step ? { step: search.step } : {}),
    ...(at ? { at } : {}),
    ...(other ? { with: other } : {}),
  };
}

function record(value: unknown): number | undefined {
  const number = Number(value);
  return Number.isInteger(number) && number > 0 ? number : undefined;
}
