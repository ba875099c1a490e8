/** What the list of runs shows, as it stands in the address. */
export interface RunsSearch {
  /** States, with commas between. */
  status?: string;
  /** A flow's id. */
  flow?: string;
  trigger?: string;
  /** One of `SPANS`, or a time. */
  since?: string;
  until?: string;
  text?: string;
}

export const STATUSES = ["pending", "running", "waiting", "paused", "succeeded", "failed", "timed_out", "cancelled"] as const;
export const OPEN = ["pending", "running", "waiting", "paused"];
export const FAILED = ["failed", "timed_out"];

export const TRIGGERS: Record<string, string> = {
  manual: "By hand",
  webhook: "Webhook",
  interface: "Interface",
  schedule: "Schedule",
  event: "Event",
  email: "Mail",
  fork: "Fork",
  trial: "Trial",
};

/** How far back, in seconds. */
export const SPANS: Record<string, { label: string; seconds: number }> = {
  hour: { label: "Last hour", seconds: 3_600 },
  day: { label: "Last 24 hours", seconds: 86_400 },
  week: { label: "Last 7 days", seconds: 604_800 },
  month: { label: "Last 30 days", seconds: 2_592_000 },
};

const FIELDS = ["status", "flow", "trigger", "since", "until", "text"] as const;

/** Reads an address; what means nothing there is left out. */
export function readSearch(search: Record<string, unknown>): RunsSearch {
  const found: RunsSearch = {};
  for (const field of FIELDS) {
    const value = search[field];
    // The router reads `?text=12` as a number.
    const text = typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
    if (text && meaning(field, text)) found[field] = text;
  }
  return found;
}

function meaning(field: (typeof FIELDS)[number], text: string): boolean {
  if (field === "since") return text in SPANS || !Number.isNaN(Date.parse(text));
  if (field === "until") return !Number.isNaN(Date.parse(text));
  if (field === "status") return text.split(",").every((one) => (STATUSES as readonly string[]).includes(one));
  return true;
}

export const isFiltered = (search: RunsSearch): boolean => FIELDS.some((field) => search[field]);

export type RunQuery = Omit<RunsSearch, "since" | "until"> & { project?: string; since?: string; until?: string };

/** The same as the server takes it. */
export function asked(search: RunsSearch, project: string, now: number): RunQuery {
  const { since, until, ...rest } = search;
  const span = since ? SPANS[since] : undefined;
  const from = span ? new Date(now - span.seconds * 1_000).toISOString() : since && new Date(since).toISOString();
  return {
    ...rest,
    ...(project ? { project } : {}),
    ...(from ? { since: from } : {}),
    ...(until ? { until: new Date(until).toISOString() } : {}),
  };
}
