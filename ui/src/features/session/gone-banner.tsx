import { PlugZap } from "lucide-react";
import { useEffect, useState } from "react";
import { Button } from "@/components/ui/button";
import { connection, useConnection } from "@/lib/connection";

/** Over every page while the server does not answer. */
export function GoneBanner() {
  const { gone, next } = useConnection();
  const left = useSecondsUntil(next, gone);
  if (!gone) return null;
  return (
    <div role="alert" className="fixed inset-x-0 top-0 z-70 flex justify-center p-2">
      <div className="flex items-center gap-3 rounded-lg border border-line bg-raised py-1.5 ps-3 pe-1.5 text-base shadow-sheet">
        <PlugZap className="size-4 text-warn-ink" aria-hidden />
        <span>
          The server does not answer. <span className="text-muted tabular">Trying again{left > 0 ? ` in ${left} s` : ""}…</span>
        </span>
        <Button size="sm" onClick={() => connection.askNow()}>
          Try now
        </Button>
      </div>
    </div>
  );
}

function useSecondsUntil(time: number, on: boolean): number {
  const [left, setLeft] = useState(0);
  useEffect(() => {
    if (!on) return;
    const count = () => setLeft(Math.max(0, Math.ceil((time - Date.now()) / 1_000)));
    count();
    const timer = setInterval(count, 500);
    return () => clearInterval(timer);
  }, [time, on]);
  return left;
}
