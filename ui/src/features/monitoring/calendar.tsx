import { Link } from "@tanstack/react-router";
import { PowerOff } from "lucide-react";
import { Button } from "@/components/ui/button";
import { Popover } from "@/components/ui/popover";
import { Tip } from "@/components/ui/tooltip";
import { cn } from "@/lib/cn";
import { type Due, dueByDay, startOfDay, type View } from "./days";
import type { TickView } from "./schedule";

const clocks = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const weekdays = new Intl.DateTimeFormat(undefined, { weekday: "short" });
const dates = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });

/** So many lines fit into a day of a month. */
const FIT = { week: 40, month: 3 };

interface Props {
  view: View;
  days: number[];
  ticks: TickView[];
  now: number;
  /** 0 to 11; days of others stand back. */
  month: number;
}

/** Days in rows of weeks, with what is due on each. */
export function Calendar({ view, days, ticks, now, month }: Props) {
  const due = dueByDay(ticks);
  const today = startOfDay(now);
  return (
    <div className="overflow-x-auto" tabIndex={-1}>
      <ol className="grid min-w-210 grid-cols-7 gap-px bg-line [&>li]:bg-surface">
        {days.map((day, at) => (
          <Day key={day} day={day} due={due.get(day) ?? []} view={view} today={day === today} past={day < today} named={at < 7} outside={view === "month" && new Date(day).getMonth() !== month} />
        ))}
      </ol>
    </div>
  );
}

interface DayProps {
  day: number;
  due: Due<TickView>[];
  view: View;
  today: boolean;
  past: boolean;
  /** Shows the day of the week. */
  named: boolean;
  outside: boolean;
}

function Day({ day, due, view, today, past, named, outside }: DayProps) {
  const shown = due.slice(0, FIT[view]);
  return (
    <li aria-label={dates.format(day)} aria-current={today ? "date" : undefined} className={cn("flex min-w-0 flex-col gap-0.5 p-1.5", view === "week" ? "min-h-80" : "min-h-28", (outside || past) && "bg-sunken!")}>
      <p className="flex items-center gap-1.5 px-1 pb-0.5 text-sm text-muted">
        {named ? <span className="font-medium">{weekdays.format(day)}</span> : null}
        <span className={cn("inline-flex h-5 min-w-5 items-center justify-center rounded-full px-1 tabular", today && "bg-accent font-semibold text-accent-on")}>{new Date(day).getDate()}</span>
      </p>
      {shown.map((line) => (
        <DueLine key={line.first.trigger} line={line} />
      ))}
      {due.length > shown.length ? (
        <Popover
          label={dates.format(day)}
          trigger={
            <Button look="quiet" size="sm" className="h-5.5 justify-start px-1 text-muted">
              {due.length - shown.length} more
            </Button>
          }
        >
          <p className="mb-1.5 text-base font-semibold">{dates.format(day)}</p>
          {due.map((line) => (
            <DueLine key={line.first.trigger} line={line} />
          ))}
        </Popover>
      ) : null}
    </li>
  );
}

/** One schedule on one day. */
function DueLine({ line: { first, last, count } }: { line: Due<TickView> }) {
  const from = clocks.format(Date.parse(first.at));
  const until = clocks.format(Date.parse(last.at));
  const rest = [first.triggerName, count > 1 ? `until ${until}` : "", first.timeZone ? `by the clock of ${first.timeZone}` : "", first.running ? "" : "the flow is off, so nothing starts"].filter(Boolean).join(", ");
  return (
    <Tip text={`${first.flowName}: ${rest}`}>
      <Link
        to="/flows/$flow"
        params={{ flow: first.flow }}
        className={cn("flex min-w-0 items-center gap-1.5 rounded-sm border-s-2 px-1.5 py-0.5 text-sm hover:bg-hover", first.running ? "border-accent bg-accent-soft text-accent-ink" : "border-control bg-sunken text-muted")}
      >
        {first.running ? null : <PowerOff className="size-3 shrink-0" aria-hidden />}
        <span className="shrink-0 tabular">{from}</span>
        <bdi className="min-w-0 flex-1 truncate">{first.flowName}</bdi>
        {count > 1 ? <span className="shrink-0 tabular">{count}×</span> : null}
        <span className="sr-only">{rest}</span>
      </Link>
    </Tip>
  );
}
