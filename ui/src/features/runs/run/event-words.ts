const WORDS: Record<string, string> = {
  started: "The run began",
  timer_fired: "A time came",
  child_finished: "A called flow ended",
  variables_read: "Variables were read",
  cancel: "Cancelling was asked for",
  pause: "Pausing was asked for",
  resume: "Going on was asked for",
  override: "Somebody decided how it ended",
  dispatched: "Is about to happen",
  decided: "It was decided what to do",
  late: "A result came too late",
  continued: "Goes on from this state",
  rebased: "Goes on under another text",
  forked: "Began as a fork",
};

/** An event in words. */
export function eventWords({ type, payload }: { type: string; payload: unknown }): string {
  const { error, name } = (payload ?? {}) as { error?: unknown; name?: string };
  if (type === "task_finished") return error ? "A step failed" : "A step ended";
  if (type === "signal") return `Signal ${name ?? ""}`.trim();
  return WORDS[type] ?? type;
}
