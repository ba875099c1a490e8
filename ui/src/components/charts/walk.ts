/** The part whose middle is nearest to a time. */
export function nearest(times: readonly number[], time: number): number {
  let best = 0;
  for (const [at, middle] of times.entries()) if (Math.abs(middle - time) < Math.abs((times[best] ?? 0) - time)) best = at;
  return best;
}

/** Where a key leads from a part: to a neighbour, ten further, to an end; nothing where it leads nowhere. */
export function whereTo(key: string, now: number, last: number): number | undefined {
  const to = { ArrowLeft: now - 1, ArrowDown: now - 1, ArrowRight: now + 1, ArrowUp: now + 1, PageDown: now - 10, PageUp: now + 10, Home: 0, End: last }[key];
  return to === undefined ? undefined : Math.min(last, Math.max(0, to));
}
