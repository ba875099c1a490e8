import { useQuery, useQueryClient } from "@tanstack/react-query";
import { ChevronLeft, ChevronRight, GitFork, Pause, Play } from "lucide-react";
import { useCallback, useEffect, useState } from "react";
import { Button, IconButton } from "@/components/ui/button";
import { Panel } from "@/components/ui/panel";
import { Select } from "@/components/ui/select";
import { Empty, Failed, Loading } from "@/components/ui/states";
import { useCommands } from "@/features/commands/commands";
import { useMay } from "@/features/session/data";
import { clock } from "@/lib/time";
import { replayQuery, type Run } from "../data";
import { useFollowed } from "../live/follow";
import { isOver } from "../live/happened";
import { eventWords } from "../run/event-words";
import type { RunSearch } from "../run/search";
import { Branches } from "./branches";
import { Changes } from "./changes";
import { ForkDialog } from "./fork-dialog";
import { Replayed } from "./replayed";
import { comparable } from "./state";

interface Props {
  run: Run;
  at: number | undefined;
  other: number | undefined;
  onChange: (next: Partial<RunSearch>) => void;
}

/** How long each event is shown while they are played. */
const BEAT = 700;

/** The run after any of its events, what each changed, and new runs from there. */
export function Machine({ run, at, other, onChange }: Props) {
  const may = useMay();
  const queries = useQueryClient();
  const { happened, state } = useFollowed();
  const last = happened.records.at(-1)?.seq ?? 0;
  const now = Math.min(at ?? last, Math.max(last, 1));
  const before = other ?? Math.max(1, now - 1);
  const [playing, setPlaying] = useState(false);
  const [forking, setForking] = useState(false);
  const here = useQuery({ ...replayQuery(run.run, now), enabled: last > 0 });
  const show = useCallback((to: number) => onChange({ at: Math.min(Math.max(1, to), last) }), [onChange, last]);
  // Whoever goes somewhere holds what is playing.
  const go = (to: number) => {
    setPlaying(false);
    show(to);
  };
  useEffect(() => {
    if (!playing) return;
    const timer = setTimeout(() => {
      if (now < last) show(now + 1);
      if (now + 1 >= last) setPlaying(false);
    }, BEAT);
    return () => clearTimeout(timer);
  }, [playing, now, last, show]);
  useEffect(() => {
    // What is next to it is most likely looked at next.
    for (const near of [now - 1, now + 1]) if (near >= 1 && near <= last) void queries.prefetchQuery(replayQuery(run.run, near));
  }, [now, last, run.run, queries]);
  const replay = () => {
    if (!playing && now >= last) show(1);
    setPlaying(!playing);
  };
  useCommands("machine", [
    { id: "machine-back", title: "One event back", section: "Time machine", keys: "[", run: () => go(now - 1) },
    { id: "machine-on", title: "One event on", section: "Time machine", keys: "]", run: () => go(now + 1) },
    { id: "machine-replay", title: "Replay", section: "Time machine", run: replay },
  ]);
  if (last === 0) return state === "opening" || state === "reading" ? <Loading label="Reading the journal" /> : <Empty title="No events yet">There is nothing to go back to before the run begins.</Empty>;
  const record = happened.records.find(({ seq }) => seq === now);
  const over = isOver(here.data?.status);
  return (
    <div className="flex flex-col gap-3">
      <Panel className="px-4 py-3" aria-label="Time machine">
        <div className="flex flex-wrap items-center gap-2">
          <IconButton label="One event back" shortcut="[" size="icon-sm" disabled={now <= 1} onClick={() => go(now - 1)}>
            <ChevronLeft aria-hidden />
          </IconButton>
          <input
            type="range"
            min={1}
            max={last}
            value={now}
            aria-label="Event"
            aria-valuetext={`After event ${now} of ${last}${record ? `: ${eventWords(record)}` : ""}`}
            onChange={(event) => go(Number(event.target.value))}
            className="h-6 min-w-60 flex-1 accent-(--accent)"
          />
          <IconButton label="One event on" shortcut="]" size="icon-sm" disabled={now >= last} onClick={() => go(now + 1)}>
            <ChevronRight aria-hidden />
          </IconButton>
          <span role="status" className="w-36 text-end text-base tabular">
            Event {now.toLocaleString()} of {last.toLocaleString()}
          </span>
        </div>
        <div className="mt-2 flex flex-wrap items-center gap-2">
          <p className="min-w-60 flex-1 text-base">
            {record ? (
              <>
                <span className="tabular text-muted">{clock(record.at)}</span> <span className="font-medium">{eventWords(record)}</span> <span className="font-mono text-xs text-muted">{record.path}</span>
              </>
            ) : null}
          </p>
          <Button onClick={replay} aria-describedby="replay-says">
            {playing ? <Pause aria-hidden /> : <Play aria-hidden />}
            {playing ? "Hold" : "Replay"}
          </Button>
          {may("runs.start") ? (
            <Button look="primary" disabled={over || here.data === undefined} onClick={() => setForking(true)} aria-describedby="fork-says">
              <GitFork aria-hidden />
              Fork from here
            </Button>
          ) : null}
        </div>
        <p className="mt-1.5 text-sm text-muted">
          <span id="replay-says">Replay makes each state again from the journal alone: nothing outside is called.</span>{" "}
          {may("runs.start") ? <span id="fork-says">{over ? "The run is over after this event: go back to an earlier one to fork." : "A fork is a new run that goes on from here and does call what its steps call; you see which before it starts."}</span> : null}
        </p>
      </Panel>
      <Branches run={run} at={now} />
      <Compared run={run.run} now={now} before={before} last={last} onChange={onChange} />
      {forking ? <ForkDialog run={run} at={now} records={happened.records} onClose={() => setForking(false)} /> : null}
    </div>
  );
}

interface ComparedProps {
  run: string;
  now: number;
  before: number;
  last: number;
  onChange: (next: Partial<RunSearch>) => void;
}

function Compared({ run, now, before, last, onChange }: ComparedProps) {
  const here = useQuery({ ...replayQuery(run, now), placeholderData: (previous) => previous });
  const there = useQuery({ ...replayQuery(run, Math.min(before, last)), placeholderData: (previous) => previous });
  const { happened } = useFollowed();
  const options = nearby(now, last).map((seq) => {
    const record = happened.records.find((one) => one.seq === seq);
    return { value: String(seq), label: `event ${seq}${record ? `: ${eventWords(record)}` : ""}` };
  });
  const error = here.error ?? there.error;
  if (error) return <Failed error={error} onRetry={() => void Promise.all([here.refetch(), there.refetch()])} what="this state" />;
  if (!here.data || !there.data) return <Loading label="Making it from the journal" />;
  return (
    <>
      <Panel
        title={`What changed since event ${before}`}
        aria-busy={here.isPlaceholderData || there.isPlaceholderData || undefined}
        actions={<Select size="sm" label="Compare with" value={String(before)} options={withOne(options, before)} onChange={(value) => onChange({ with: Number(value) })} className="max-w-72" />}
      >
        <Changes before={comparable(there.data)} after={comparable(here.data)} none={now === before ? "This is the same event." : "Nothing that can be seen: the event only moved the run on."} />
      </Panel>
      <Replayed state={here.data} />
    </>
  );
}

/** A list of thousands is no choice: all of few, else those around and some of the others. */
function nearby(now: number, last: number): number[] {
  const step = Math.max(1, Math.ceil(last / 100));
  const found = new Set<number>();
  for (let seq = 1; seq <= last; seq += step) found.add(seq);
  for (let seq = Math.max(1, now - 10); seq <= Math.min(last, now + 10); seq += 1) found.add(seq);
  return [...found.add(last)].sort((a, b) => a - b);
}

function withOne(options: { value: string; label: string }[], seq: number) {
  return options.some(({ value }) => value === String(seq)) ? options : [...options, { value: String(seq), label: `event ${seq}` }];
}
