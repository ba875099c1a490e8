import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDownToLine } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { Badge, type Tone } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { SearchInput } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { Empty, Loading } from "@/components/ui/states";
import { download } from "@/lib/download";
import { clock } from "@/lib/time";
import { isOpen, type Run } from "../data";
import type { LogLine } from "../live/happened";
import { useFollowed } from "../live/follow";
import { nameOf } from "../steps/tree";

const TONES: Record<string, Tone> = { error: "bad", warn: "warn", info: "busy", debug: "plain", trace: "plain" };
const LEVELS = ["trace", "debug", "info", "warn", "error"];
const OPTIONS = [{ value: "", label: "All levels" }, { value: "info", label: "Info and up" }, { value: "warn", label: "Warnings and up" }, { value: "error", label: "Errors" }];

/** What steps have logged, as it comes. */
export function LogsView({ run, onStep }: { run: Run; onStep: (path: string) => void }) {
  const { happened, state } = useFollowed();
  const [text, setText] = useState("");
  const [level, setLevel] = useState("");
  const [follow, setFollow] = useState(true);
  const lines = useMemo(() => matching(happened.logs, text, level), [happened.logs, text, level]);
  const scroll = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({ count: lines.length, getScrollElement: () => scroll.current, estimateSize: () => 28, overscan: 20, measureElement: (element) => element.getBoundingClientRect().height });
  useEffect(() => {
    if (follow && isOpen(run) && lines.length > 0) rows.scrollToIndex(lines.length - 1, { align: "end" });
  }, [follow, lines.length, rows, run]);
  if (happened.logs.length === 0) {
    if (state === "opening") return <Loading label="Reading the log" />;
    return <Empty title={isOpen(run) ? "Nothing is logged yet" : "Nothing was logged"}>Lines of the run's steps appear here as they are written.</Empty>;
  }
  return (
    <div className="flex h-full min-h-100 flex-col gap-2">
      <div className="flex flex-wrap items-center gap-2">
        <SearchInput aria-label="Search the log" placeholder="Text or step" value={text} onChange={(event) => setText(event.target.value)} className="w-72" />
        <Select label="Level" value={level} onChange={setLevel} options={OPTIONS} />
        <span role="status" className="text-sm tabular text-muted">
          {lines.length.toLocaleString()} {lines.length === 1 ? "line" : "lines"}
        </span>
        <span className="ms-auto flex gap-2">
          {isOpen(run) ? (
            <Button aria-pressed={follow} onClick={() => setFollow(!follow)}>
              <ArrowDownToLine aria-hidden />
              {follow ? "Follows the newest" : "Follow the newest"}
            </Button>
          ) : null}
          <Button onClick={() => download(`${run.flow}.log`, lines.map(plain).join(""), "text/plain")}>Download</Button>
        </span>
      </div>
      <div
        ref={scroll}
        role="log"
        aria-label="Log"
        tabIndex={0}
        className="min-h-0 flex-1 overflow-auto rounded-lg border border-line bg-surface py-1"
        onWheel={(event) => event.deltaY < 0 && setFollow(false)}
      >
        <div className="relative" style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map(({ index, start }) => {
            const line = lines[index];
            return line ? (
              <div key={index} ref={rows.measureElement} data-index={index} className="absolute inset-x-0 top-0 flex items-start gap-3 px-3 py-1 text-base hover:bg-hover" style={{ transform: `translateY(${start}px)` }}>
                <time dateTime={line.at} className="w-18 shrink-0 text-sm tabular text-muted">
                  {clock(line.at)}
                </time>
                <Badge tone={TONES[line.level] ?? "plain"} className="w-12 justify-center">
                  {line.level}
                </Badge>
                <button type="button" className="w-32 shrink-0 truncate rounded-xs text-start font-mono text-xs leading-5 text-muted hover:underline" title={line.path} onClick={() => onStep(line.path)}>
                  {nameOf(line.path)}
                </button>
                <span className="min-w-0 flex-1 whitespace-pre-wrap wrap-anywhere" dir="auto">
                  {line.message}
                  {line.metadata === undefined ? null : <span className="block font-mono text-xs text-muted">{JSON.stringify(line.metadata)}</span>}
                </span>
              </div>
            ) : null;
          })}
        </div>
      </div>
    </div>
  );
}

function matching(lines: LogLine[], text: string, level: string): LogLine[] {
  const wanted = text.trim().toLowerCase();
  const least = LEVELS.indexOf(level);
  return lines.filter((line) => LEVELS.indexOf(line.level) >= least && (!wanted || `${line.message} ${line.path}`.toLowerCase().includes(wanted)));
}

const plain = (line: LogLine): string => `${line.at} ${line.level} ${line.path}: ${line.message}\n`;
