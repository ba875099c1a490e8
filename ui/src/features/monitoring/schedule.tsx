import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { CalendarClock, ChevronLeft, ChevronRight } from "lucide-react";
import { Button, buttonLook, IconButton } from "@/components/ui/button";
import { Panel } from "@/components/ui/panel";
import { Empty, Forbidden, Shown } from "@/components/ui/states";
import { Segments } from "@/components/ui/tabs";
import { useCommands } from "@/features/commands/commands";
import { useMay } from "@/features/session/data";
import { useProject } from "@/features/session/place";
import { useNow } from "@/lib/now";
import { api, body, type Schemas } from "@/lib/api";
import { Calendar } from "./calendar";
import { dayName, dayNamed, daysOf, addDays, moved, startOfDay, type View } from "./days";

export type TickView = Schemas["TickView"];

/** So many ticks are shown at most; a schedule of every second has more in a week than anybody reads. */
const MOST = 6_000;
const PART = 200;

interface Found {
  ticks: TickView[];
  /** There are more than are shown. */
  cut: boolean;
}

async function ticksOf(from: number, until: number, project: string): Promise<Found> {
  const ticks: TickView[] = [];
  let after: string | null | undefined;
  do {
    const query = { from: new Date(from).toISOString(), until: new Date(until).toISOString(), limit: PART, ...(project ? { project } : {}), ...(after ? { after } : {}) };
    const part = await body(api.GET("/api/schedule", { params: { query } }));
    ticks.push(...part.items);
    after = part.next;
  } while (after && ticks.length < MOST);
  return { ticks, cut: Boolean(after) };
}

const NOTHING = { data: { ticks: [], cut: false } as Found, error: null, isPending: false, refetch: () => undefined };

const months = new Intl.DateTimeFormat(undefined, { month: "long", year: "numeric" });
const days = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });

const zone = days.resolvedOptions().timeZone;

/** A week or month that has gone by. */
function Over({ view }: { view: View }) {
  return (
    <Empty
      icon={<CalendarClock aria-hidden />}
      title={`This ${view} is over`}
      actions={
        <Link to="/runs" className={buttonLook({})}>
          To the runs
        </Link>
      }
    >
      The schedule shows what is to come. What was started then is among the runs.
    </Empty>
  );
}

export function SchedulePage() {
  const may = useMay()("triggers.read");
  const search = useSearch({ from: "/_app/monitoring/schedule" });
  const navigate = useNavigate({ from: "/monitoring/schedule" });
  const [project] = useProject();
  const now = useNow();
  const view = search.view ?? "week";
  const day = (search.day ? dayNamed(search.day) : undefined) ?? startOfDay(now);
  const shown = daysOf(view, day);
  const first = shown[0] ?? day;
  const until = addDays(shown.at(-1) ?? day, 1);
  // What was due before today says nothing of what ran; the list of runs does.
  const from = Math.max(first, startOfDay(now));
  const over = until <= from;
  const asked = useQuery({ queryKey: ["schedule", from, until, project], queryFn: () => ticksOf(from, until, project), enabled: may && !over, refetchInterval: 60_000 });
  const go = (next: { view?: View; day?: number }) => {
    const day = next.day ?? (search.day ? dayNamed(search.day) : undefined);
    const wanted = next.view ?? view;
    void navigate({ search: { ...(wanted === "week" ? {} : { view: wanted }), ...(day === undefined || day === startOfDay(now) ? {} : { day: dayName(day) }) }, replace: true });
  };
  const step = (by: number) => go({ day: moved(view, day, by) });
  useCommands("schedule", [
    { id: "earlier", title: "Earlier", section: "Schedule", keys: "P", icon: <ChevronLeft />, run: () => step(-1) },
    { id: "later", title: "Later", section: "Schedule", keys: "N", icon: <ChevronRight />, run: () => step(1) },
    { id: "today", title: "Today", section: "Schedule", keys: "T", run: () => go({ day: startOfDay(now) }) },
    { id: "week", title: "By week", section: "Schedule", keys: "W", run: () => go({ view: "week" }) },
    { id: "month", title: "By month", section: "Schedule", keys: "M", run: () => go({ view: "month" }) },
  ]);
  if (!may) return <Forbidden what="the schedule" />;
  const title = view === "month" ? months.format(day) : days.formatRange(first, until - 1);
  const here = shown.includes(startOfDay(now)) && (view === "week" || new Date(day).getMonth() === new Date(now).getMonth());
  return (
    <Panel aria-label="Schedule">
      <div className="flex flex-wrap items-center gap-2 border-b border-line px-3 py-2">
        <IconButton label={`Earlier ${view}`} shortcut="P" size="icon-sm" onClick={() => step(-1)}>
          <ChevronLeft className="rtl:-scale-x-100" aria-hidden />
        </IconButton>
        <IconButton label={`Later ${view}`} shortcut="N" size="icon-sm" onClick={() => step(1)}>
          <ChevronRight className="rtl:-scale-x-100" aria-hidden />
        </IconButton>
        <Button size="sm" disabled={here} onClick={() => go({ day: startOfDay(now) })}>
          Today
        </Button>
        <h2 aria-live="polite" className="ms-1 min-w-0 flex-1 truncate text-base font-semibold">
          {title}
        </h2>
        <span className="text-sm text-muted">{zone}</span>
        <Segments label="View" value={view} onChange={(view) => go({ view })} options={[{ value: "week", label: "Week" }, { value: "month", label: "Month" }]} />
      </div>
      {over ? <Over view={view} /> : null}
      <Shown asked={over ? NOTHING : asked} what="the schedule">
        {({ ticks, cut }) => (
          <>
            {cut ? <p role="status" className="border-b border-line bg-warn-soft px-4 py-2 text-base text-warn-ink">There are more ticks than can be shown; these are the first {ticks.length.toLocaleString()}. Look at a week, or choose a project in the sidebar.</p> : null}
            {over ? null : ticks.length === 0 ? (
              <Empty icon={<CalendarClock aria-hidden />} title={`Nothing is due in this ${view}`}>
                A flow with a trigger of the kind schedule is started at the times it names, once the flow is switched on.
              </Empty>
            ) : (
              <Calendar view={view} days={shown} ticks={ticks} now={now} month={new Date(day).getMonth()} />
            )}
          </>
        )}
      </Shown>
    </Panel>
  );
}
