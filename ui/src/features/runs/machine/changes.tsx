import { Minus, Pencil, Plus } from "lucide-react";
import { useMemo, useState } from "react";
import { Button } from "@/components/ui/button";
import { type Difference, differences } from "./diff";
import { short } from "./replayed";

const LOOKS = {
  added: { icon: Plus, label: "New", tone: "text-ok-ink" },
  removed: { icon: Minus, label: "Gone", tone: "text-bad-ink" },
  changed: { icon: Pencil, label: "Changed", tone: "text-warn-ink" },
};
const SHOWN = 200;
const MOST = 2_000;

/** What differs between two values, one line for each place. */
export function Changes({ before, after, none }: { before: unknown; after: unknown; none: string }) {
  const all = useMemo(() => differences(before, after, MOST), [before, after]);
  const [count, setCount] = useState(SHOWN);
  if (all.length === 0) return <p className="px-4 pb-3 text-base text-muted">{none}</p>;
  return (
    <>
      <ul aria-label="Differences" className="max-h-96 overflow-auto" tabIndex={0}>
        {all.slice(0, count).map((one) => (
          <Change key={one.path} change={one} />
        ))}
      </ul>
      {all.length > count ? (
        <Button look="link" size="sm" className="mx-4 my-2" onClick={() => setCount(MOST)}>
          {(all.length - count).toLocaleString()}
          {all.length === MOST ? " or more" : ""} further differences
        </Button>
      ) : null}
    </>
  );
}

function Change({ change }: { change: Difference }) {
  const { icon: Icon, label, tone } = LOOKS[change.kind];
  return (
    <li className="flex flex-wrap items-baseline gap-x-3 gap-y-0.5 border-t border-line px-4 py-1.5 text-sm">
      <span className={`flex w-20 shrink-0 items-center gap-1.5 ${tone}`}>
        <Icon className="size-3.5 shrink-0 self-center" aria-hidden />
        {label}
      </span>
      <span className="font-mono font-medium wrap-anywhere">{change.path || "all of it"}</span>
      <span className="min-w-0 flex-1 font-mono text-xs wrap-anywhere">
        {change.kind === "added" ? null : <del className="text-bad-ink no-underline">{written(change.before)}</del>}
        {change.kind === "changed" ? <span className="px-1.5 text-muted">→</span> : null}
        {change.kind === "removed" ? null : <ins className="text-ok-ink no-underline">{written(change.after)}</ins>}
      </span>
    </li>
  );
}

const written = (value: unknown): string => short(value) || "null";
