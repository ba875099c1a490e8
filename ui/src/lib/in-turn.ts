/** Does no more than so much at a time; what comes later waits until something of it is done. */
export function inTurn(most: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let busy = 0;
  return async (work) => {
    if (busy >= most) await new Promise<void>((go) => waiting.push(go));
    else busy += 1;
    try {
      return await work();
    } finally {
      // Whoever waits takes the place that is free.
      const next = waiting.shift();
      if (next) next();
      else busy -= 1;
    }
  };
}
