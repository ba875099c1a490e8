import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import { More } from "@/components/ui/pagination";
import { moment } from "@/lib/time";
import type { Entry } from "./data";
import { Action } from "./action";
import type { Name } from "./names";

const ROW = 40;
const COLUMNS = "grid grid-cols-[11.5rem_minmax(8rem,1.2fr)_minmax(9rem,1fr)_minmax(6rem,1.2fr)_8rem] items-center gap-x-3 px-4";

/** Only the rows that can be seen are drawn, however many there are; the next part comes as one nears the end. */
export function EntryList({ entries, names, more, busy, onMore, onShow }: { entries: Entry[]; names: ReadonlyMap<string, Name>; more: boolean; busy: boolean; onMore: () => void; onShow: (entry: Entry) => void }) {
  const scroller = useRef<HTMLDivElement>(null);
  // The interface is built without the React Compiler, which is all that this rule is about.
  // oxlint-disable-next-line react/incompatible-library
  const rows = useVirtualizer({ count: entries.length, getScrollElement: () => scroller.current, estimateSize: () => ROW, overscan: 12 });
  const seen = rows.getVirtualItems();
  const last = seen.at(-1)?.index ?? 0;
  useEffect(() => {
    if (more && !busy && last >= entries.length - 10) onMore();
  }, [more, busy, last, entries.length, onMore]);
  return (
    <>
      <div role="table" aria-label="Changes" aria-rowcount={more ? -1 : entries.length} className="text-base">
        <div role="row" className={`${COLUMNS} h-8 border-b border-line text-xs font-medium text-muted`}>
          {["When", "Who", "What", "Which", "From"].map((name) => (
            <span key={name} role="columnheader">
              {name}
            </span>
          ))}
        </div>
        <div ref={scroller} role="rowgroup" tabIndex={0} aria-label="Changes, the newest first" className="h-[calc(100vh-15.5rem)] min-h-72 overflow-auto">
          <div role="presentation" className="relative" style={{ height: rows.getTotalSize() }}>
            {seen.map(({ index, start }) => {
              const entry = entries[index];
              return entry ? <EntryRow key={entry.id} entry={entry} name={names.get(entry.target)} at={index} top={start} onShow={() => onShow(entry)} /> : null;
            })}
          </div>
        </div>
      </div>
      <div className="border-t border-line">
        <More shown={entries.length} more={more} busy={busy} onMore={onMore} noun={entries.length === 1 ? "change" : "changes"} />
      </div>
    </>
  );
}

function EntryRow({ entry, name, at, top, onShow }: { entry: Entry; name: Name | undefined; at: number; top: number; onShow: () => void }) {
  return (
    <div role="row" aria-rowindex={at + 1} className={`${COLUMNS} absolute inset-x-0 border-b border-line hover:bg-hover`} style={{ height: ROW, transform: `translateY(${top}px)` }}>
      <time role="cell" dateTime={entry.at} className="truncate text-muted tabular">
        {moment(entry.at)}
      </time>
      <span role="cell" className="truncate" title={entry.who}>
        <bdi>{entry.who}</bdi>
      </span>
      <span role="cell" className="min-w-0">
        <button type="button" onClick={onShow} aria-label={`About ${entry.action} by ${entry.who}, ${moment(entry.at)}`} className="max-w-full rounded-sm hover:underline">
          <Action action={entry.action} />
        </button>
      </span>
      <span role="cell" className="truncate text-muted" title={entry.target}>
        <bdi>{name?.text ?? entry.target}</bdi>
        {name?.gone ? " (deleted)" : null}
      </span>
      <span role="cell" className="truncate font-mono text-sm text-muted">
        {entry.from || "–"}
      </span>
    </div>
  );
}
