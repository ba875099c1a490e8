import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Badge } from "@/components/ui/badge";
import { Skeleton } from "@/components/ui/skeleton";
import { Shown } from "@/components/ui/states";
import { api, body, type Schemas } from "@/lib/api";
import { cn } from "@/lib/cn";
import { bytes, percent } from "@/lib/time";
import { level, share } from "./level";

type Usage = Schemas["UsageBody"];
type Used = Schemas["Used"];

export const usageQuery = { queryKey: ["usage"], queryFn: () => body(api.GET("/api/usage")), refetchInterval: 30_000 };

const count = (value: number) => value.toLocaleString();

interface Line {
  label: string;
  about: string;
  used: Used;
  write: (value: number) => string;
}

const linesOf = (usage: Usage): Line[] => [
  { label: "Runs this month", about: `Started in ${month(usage.month)}, in UTC; they count anew each month`, used: usage.executions, write: count },
  { label: "Flows", about: "Switched on or off, in all projects", used: usage.flows, write: count },
  { label: "Members", about: "Who belongs to the organisation", used: usage.members, write: count },
  { label: "Memory of flows", about: "What flows remember from one run to the next", used: usage.memory, write: bytes },
];

function month(text: string): string {
  return new Intl.DateTimeFormat(undefined, { month: "long", year: "numeric", timeZone: "UTC" }).format(new Date(`${text}-01T00:00:00Z`));
}

/** What is used of what the tier allows. */
export function UsageMeters() {
  const asked = useQuery(usageQuery);
  const loading = (
    <div role="status" aria-label="Loading" className="grid gap-4 md:grid-cols-2">
      {[0, 1, 2, 3].map((at) => (
        <Skeleton key={at} className="h-28" />
      ))}
    </div>
  );
  return (
    <Shown asked={asked} what="usage" loading={loading}>
      {(usage) => (
        <div className="grid gap-4 md:grid-cols-2">
          {linesOf(usage).map((line) => (
            <Meter key={line.label} line={line} />
          ))}
        </div>
      )}
    </Shown>
  );
}

const FILL = { free: "bg-accent", near: "bg-warn", full: "bg-bad" };

function Meter({ line }: { line: Line }) {
  const { used, limit } = line.used;
  const at = level(line.used);
  return (
    <section aria-label={line.label} className="rounded-lg border border-line bg-surface p-4">
      <div className="flex items-center gap-2">
        <h2 className="flex-1 text-base font-semibold">{line.label}</h2>
        <State at={at} limited={typeof limit === "number"} />
      </div>
      <p className="mt-1 text-2xl font-semibold tracking-tight tabular">
        {line.write(used)}
        <span className="ms-1.5 text-base font-normal tracking-normal text-muted">{typeof limit === "number" ? `of ${line.write(limit)}` : ""}</span>
      </p>
      {typeof limit === "number" ? <Bar label={line.label} used={line.used} fill={FILL[at]} /> : null}
      <p className="mt-2 text-sm text-muted">{line.about}</p>
    </section>
  );
}

function Bar({ label, used, fill }: { label: string; used: Used; fill: string }) {
  const full = share(used);
  return (
    <div role="meter" aria-label={label} aria-valuemin={0} aria-valuemax={used.limit ?? 0} aria-valuenow={Math.min(used.used, used.limit ?? 0)} aria-valuetext={percent(full)} className="mt-2 h-1.5 overflow-hidden rounded-full bg-pressed">
      <div className={cn("h-full rounded-full", fill)} style={{ width: `${Math.min(full, 1) * 100}%` }} />
    </div>
  );
}

function State({ at, limited }: { at: ReturnType<typeof level>; limited: boolean }): ReactNode {
  if (!limited) return <Badge tone="outline">No limit</Badge>;
  if (at === "full") return <Badge tone="bad">Used up</Badge>;
  return at === "near" ? <Badge tone="warn">Nearly used up</Badge> : null;
}
