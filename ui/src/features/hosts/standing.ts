import type { Host, Hosted } from "./data";

export type Standing = "starting" | "running" | "failed" | "stopped" | "silent";

/** How a host stands, or a flow on it: what it said last counts only as long as it is heard of. */
export const standing = (state: Host["state"], { silent }: Pick<Host, "silent">): Standing => (silent ? "silent" : state);

export const WORDS: Record<Standing, string> = { starting: "Starting", running: "Running", failed: "Failed", stopped: "Stopped", silent: "Not heard of" };

/** The code that takes new runs, and those that still have some to end. */
export function codeOf({ compilation, finishing }: Pick<Hosted, "compilation" | "finishing">): string {
  const left = finishing.length > 0 ? `, ${finishing.join(", ")} until its runs have ended` : "";
  return compilation === undefined || compilation === null ? (left ? `none${left}` : "none yet") : `${compilation}${left}`;
}
