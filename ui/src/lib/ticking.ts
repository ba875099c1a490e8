import { useEffect, useState } from "react";

/** The time now, in milliseconds, while something is to be counted. */
export function useTicking(on: boolean, every = 500): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!on) return;
    const timer = setInterval(() => setNow(Date.now()), every);
    return () => clearInterval(timer);
  }, [on, every]);
  return now;
}
