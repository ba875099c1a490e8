import type { NodeWait } from "@/canvas/model/steps";
import type { Attempt } from "../live/happened";
import type { Step } from "../steps/tree";

/** Something a run waits for. */
export interface Wait {
  sort: "approval" | "signal" | "decision" | "retry" | "child" | "timer";
  path: string;
  title: string;
  /** Of a signal. */
  name: string;
  /** When it goes on by itself, in milliseconds since 1970. */
  until?: number;
  /** The attempt that failed, and why. */
  attempt?: number;
  why?: string;
}

const APPROVAL = "approve:";

/** From what the run says, and its steps: a run that sleeps says nothing itself. */
export function waits(run: { waiting: string[]; wakeAt?: string | null }, steps: Step[], attempts: Attempt[]): Wait[] {
  const said = steps.filter(({ waiting }) => waiting).map((step) => ({ what: step.waiting ?? "", step }));
  const known = new Set(said.map(({ what }) => what));
  const rest = run.waiting.filter((what) => !known.has(what)).map((what) => ({ what, step: undefined }));
  const until = run.wakeAt ? new Date(run.wakeAt).getTime() : undefined;
  return [...said, ...rest].map(({ what, step }) => waitOf(what, step, steps, attempts, until)).filter((wait) => wait.sort !== "timer" || wait.until !== undefined);
}

function waitOf(what: string, step: Step | undefined, steps: Step[], attempts: Attempt[], until: number | undefined): Wait {
  const at = what.indexOf(" ");
  const [sort, rest] = at < 0 ? [what, ""] : [what.slice(0, at), what.slice(at + 1)];
  const path = step?.path ?? (sort === "signal" ? "" : rest);
  const title = (step ?? steps.find((one) => one.path === path))?.title ?? "";
  if (sort === "signal" && rest.startsWith(APPROVAL)) return { sort: "approval", path: path || rest.slice(APPROVAL.length), title, name: rest };
  if (sort === "signal") return { sort: "signal", path, title, name: rest };
  if (sort === "decision") return { sort: "decision", path, title, name: "" };
  if (sort === "child") return { sort: "child", path, title, name: "" };
  if (sort === "retry") return { sort: "retry", path, title, name: "", ...retryOf(path, attempts, until) };
  return { sort: "timer", path, title, name: "", ...(until === undefined ? {} : { until }) };
}

function retryOf(path: string, attempts: Attempt[], until: number | undefined): Partial<Wait> {
  const last = attempts.findLast((one) => one.path === path);
  const next = last?.next ?? until;
  return { ...(next === undefined ? {} : { until: next }), ...(last ? { attempt: last.attempt, why: last.message } : {}) };
}

/** The same in a few words, for where there is little room. */
export function brief(wait: Wait): NodeWait {
  const until = wait.until === undefined ? {} : { until: wait.until };
  return { words: briefly(wait), asks: wait.sort === "approval" || wait.sort === "signal" || wait.sort === "decision", ...until };
}

function briefly({ sort, name, attempt }: Wait): string {
  switch (sort) {
    case "approval":
      return "for approval";
    case "signal":
      return `for “${name}”`;
    case "decision":
      return "for a decision";
    case "retry":
      return attempt === undefined ? "to try again" : `for attempt ${attempt + 1}`;
    case "child":
      return "for a called flow";
    case "timer":
      return "for its time";
  }
}
