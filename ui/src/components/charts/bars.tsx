import { useState } from "react";
import { cn } from "@/lib/cn";
import { amount } from "@/lib/time";
import { labelled, marks } from "./scale";

/** One part of a time range: what stands one above the other in its bar, from the bottom up. */
export interface Bar {
  key: string;
  /** Under the axis. */
  label: string;
  parts: number[];
  /** What the pointer is told. */
  words: string;
}

/** Bars over time. The colours are classes, one for each part of a bar. */
export function Bars({ bars, colours, label }: { bars: Bar[]; colours: string[]; label: string }) {
  const [over, setOver] = useState<number>();
  const ticks = marks(Math.max(0, ...bars.map((bar) => sum(bar.parts))));
  const top = ticks.at(-1) ?? 1;
  const pointed = over === undefined ? undefined : bars[over];
  return (
    <div className="flex h-full flex-col">
      <div className="relative min-h-0 flex-1">
        {ticks.map((tick) => (
          <div key={tick} className="absolute inset-x-0 flex h-0 items-center gap-2" style={{ bottom: `${(tick / top) * 100}%` }}>
            <span className="w-9 shrink-0 text-end text-xs text-muted tabular">{amount(tick)}</span>
            <span className="h-px flex-1 bg-line" aria-hidden />
          </div>
        ))}
        <div role="img" aria-label={label} className="absolute inset-y-0 start-11 end-0 flex" onPointerLeave={() => setOver(undefined)}>
          {bars.map((bar, at) => (
            <div key={bar.key} className={cn("flex min-w-0 flex-1 flex-col-reverse items-center", over === at && "bg-hover")} onPointerEnter={() => setOver(at)}>
              {bar.parts.map((part, kind) =>
                part > 0 ? <div key={colours[kind]} className={cn("min-h-0.5 w-3/4 last:rounded-t-[2px]", colours[kind])} style={{ height: `${(part / top) * 100}%` }} /> : null,
              )}
            </div>
          ))}
        </div>
        {pointed ? (
          <div
            className={cn(
              "pointer-events-none absolute top-1 z-10 whitespace-nowrap rounded-md border border-line bg-raised px-2 py-1 text-sm shadow-pop tabular",
              (over ?? 0) < bars.length / 2 ? "end-1" : "start-12",
            )}
          >
            {pointed.words}
          </div>
        ) : null}
      </div>
      <div className="relative ms-11 h-5 text-xs text-muted tabular" aria-hidden>
        {labelled(bars.length, 8).map((at) => (
          <span key={bars[at]?.key} className="absolute top-1 whitespace-nowrap" style={{ insetInlineStart: `${(at / bars.length) * 100}%` }}>
            {bars[at]?.label}
          </span>
        ))}
      </div>
    </div>
  );
}

const sum = (parts: number[]): number => parts.reduce((all, part) => all + part, 0);
