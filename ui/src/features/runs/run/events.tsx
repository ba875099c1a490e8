import { useVirtualizer } from "@tanstack/react-virtual";
import { Clock } from "lucide-react";
import { useMemo, useRef, useState } from "react";
import { Button, IconButton } from "@/components/ui/button";
import { SearchInput } from "@/components/ui/input";
import { Empty, Loading } from "@/components/ui/states";
import { cn } from "@/lib/cn";
import { download } from "@/lib/download";
import { clock } from "@/lib/time";
import type { JournalRecord } from "../live/happened";
import { useFollowed } from "../live/follow";
import { Value } from "../steps/value";
import { eventWords } from "./event-words";

const HEIGHT = 36;

/** The journal: everything that came back from outside, in order. */
export function EventsView({ onStep, onRecord }: { onStep: (path: string) => void; onRecord: (seq: number) => void }) {
  const { happened, state } = useFollowed();
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState<number>();
  const records = useMemo(() => matching(happened.records, text), [happened.records, text]);
  const scroll = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({ count: records.length, getScrollElement: () => scroll.current, estimateSize: () => HEIGHT, overscan: 15 });
  const open = records.find(({ seq }) => seq === chosen);
  if (happened.records.length === 0) return state === "opening" || state === "reading" ? <Loading label="Reading the journal" /> : <Empty title="No events yet">What comes back from outside is written down here, one event after another.</Empty>;
  return (
    <div className="flex h-full min-h-100 flex-col gap-2">
      <div className="flex items-center gap-2">
        <SearchInput aria-label="Search events" placeholder="Type, step or content" value={text} onChange={(event) => setText(event.target.value)} className="w-72" />
        <span role="status" className="text-sm tabular text-muted">
          {records.length.toLocaleString()} of {happened.records.length.toLocaleString()}
        </span>
        <Button className="ms-auto" onClick={() => download("journal.jsonl", happened.records.map((one) => `${JSON.stringify(one)}\n`).join(""), "application/jsonl")}>
          Download the journal
        </Button>
      </div>
      <div className="flex min-h-0 flex-1 gap-3">
        <div ref={scroll} className="min-w-0 flex-1 overflow-auto rounded-lg border border-line bg-surface" tabIndex={0} role="region" aria-label="Events">
          <div role="list" className="relative min-w-160" style={{ height: rows.getTotalSize() }}>
            {rows.getVirtualItems().map(({ index, start }) => {
              const record = records[index];
              return record ? (
                <div key={record.seq} role="listitem" style={{ height: HEIGHT, transform: `translateY(${start}px)` }} className={cn("absolute inset-x-0 top-0 flex items-center gap-3 border-b border-line px-3 text-base", record.seq === chosen ? "bg-accent-soft" : "hover:bg-hover")}>
                  <EventLine record={record} onOpen={() => setChosen(record.seq === chosen ? undefined : record.seq)} open={record.seq === chosen} onStep={onStep} onRecord={onRecord} />
                </div>
              ) : null;
            })}
          </div>
        </div>
        {open ? (
          <section aria-label={`Event ${open.seq}`} className="flex w-105 shrink-0 flex-col overflow-hidden rounded-lg border border-line bg-surface max-lg:hidden">
            <h3 className="border-b border-line px-3 py-1.5 text-sm font-semibold">
              Event {open.seq}: {open.type}
            </h3>
            <Value key={open.seq} value={open.payload} name="payload" file={`event-${open.seq}`} className="min-h-0 flex-1" />
          </section>
        ) : null}
      </div>
    </div>
  );
}

interface LineProps {
  record: JournalRecord;
  open: boolean;
  onOpen: () => void;
  onStep: (path: string) => void;
  onRecord: (seq: number) => void;
}

function EventLine({ record, open, onOpen, onStep, onRecord }: LineProps) {
  return (
    <>
      <span className="w-12 shrink-0 text-end text-sm tabular text-muted">{record.seq}</span>
      <time dateTime={record.at} className="w-20 shrink-0 text-sm tabular text-muted">
        {clock(record.at)}
      </time>
      <button type="button" aria-expanded={open} onClick={onOpen} className="w-52 shrink-0 truncate rounded-xs text-start font-medium hover:underline" title={record.type}>
        {eventWords(record)}
      </button>
      {record.path ? (
        <button type="button" onClick={() => onStep(record.path)} className="min-w-0 flex-1 truncate rounded-xs text-start font-mono text-xs text-muted hover:underline">
          {record.path}
        </button>
      ) : (
        <span className="flex-1" />
      )}
      <IconButton label={`The run after event ${record.seq}`} size="icon-sm" onClick={() => onRecord(record.seq)}>
        <Clock aria-hidden />
      </IconButton>
    </>
  );
}

function matching(records: JournalRecord[], text: string): JournalRecord[] {
  const wanted = text.trim().toLowerCase();
  return wanted ? records.filter((record) => JSON.stringify(record).toLowerCase().includes(wanted) || eventWords(record).toLowerCase().includes(wanted)) : records;
}
