import { useVirtualizer } from "@tanstack/react-virtual";
import { ChevronRight } from "lucide-react";
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import { SkeletonRows } from "@/components/ui/skeleton";
import { Empty } from "@/components/ui/states";
import { runLook, StateIcon } from "@/components/ui/status";
import { cn } from "@/lib/cn";
import { useTicking } from "@/lib/ticking";
import { isOpen, type Run } from "../data";
import { took } from "../list/rows";
import { StepDetail } from "./detail";
import { type Placed, type Step, tree, turnsOf } from "./tree";

interface Props {
  run: Run;
  steps: Step[] | undefined;
  chosen: string | undefined;
  onChoose: (path: string) => void;
}

/** The steps as they stand below each other, and the one that is looked at. */
export function StepsView({ run, steps, chosen, onChoose }: Props) {
  if (!steps) return <SkeletonRows />;
  if (steps.length === 0) return <Empty title="No step yet">The first step appears here as soon as the run begins.</Empty>;
  const step = steps.find((one) => one.path === chosen) ?? steps.findLast(isAtWork) ?? steps.find((one) => !one.region) ?? steps[0];
  return (
    <div className="flex h-full min-h-100 gap-3 max-lg:flex-col">
      <StepList run={run} steps={steps} chosen={step?.path} onChoose={onChoose} />
      {step ? <StepDetail key={step.path} run={run} step={step} /> : null}
    </div>
  );
}

const isAtWork = (step: Step): boolean => !step.region && (step.status === "running" || step.status === "waiting");

const HEIGHT = 32;

function StepList({ run, steps, chosen, onChoose }: { run: Run; steps: Step[]; chosen: string | undefined; onChoose: (path: string) => void }) {
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const lines = useMemo(() => tree(steps, closed), [steps, closed]);
  const scroll = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({ count: lines.length, getScrollElement: () => scroll.current, estimateSize: () => HEIGHT, overscan: 15 });
  const now = useTicking(isOpen(run), 1_000);
  const at = lines.findIndex(({ step }) => step.path === chosen);
  const first = useRef(true);
  useEffect(() => {
    // What the address names is brought into sight once; after that, the list stays where it is put.
    if (!first.current || at < 0) return;
    first.current = false;
    rows.scrollToIndex(at, { align: "auto" });
  }, [at, rows]);
  const fold = (path: string, shut: boolean) => {
    const next = new Set(closed);
    if (shut) next.add(path);
    else next.delete(path);
    setClosed(next);
  };
  const press = (event: KeyboardEvent) => {
    const line = lines[at];
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: lines.length - 1 }[event.key];
    if (to !== undefined && lines[to]) {
      onChoose(lines[to].step.path);
      rows.scrollToIndex(to, { align: "auto" });
    } else if (line && line.children > 0 && event.key === "ArrowLeft") fold(line.step.path, true);
    else if (line && line.children > 0 && event.key === "ArrowRight") fold(line.step.path, false);
    else return;
    event.preventDefault();
  };
  return (
    <div
      ref={scroll}
      role="tree"
      tabIndex={0}
      aria-label="Steps"
      aria-activedescendant={at >= 0 ? idOf(at) : undefined}
      onKeyDown={press}
      className="w-88 shrink-0 overflow-auto rounded-lg border border-line bg-surface max-lg:h-60 max-lg:w-full"
    >
      <div role="presentation" className="relative" style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map(({ index, start }) => {
          const line = lines[index];
          return line ? (
            <Line key={line.step.path} id={idOf(index)} line={line} start={start} now={now} chosen={line.step.path === chosen} shut={closed.has(line.step.path)} onChoose={() => onChoose(line.step.path)} onFold={(shut) => fold(line.step.path, shut)} />
          ) : null;
        })}
      </div>
    </div>
  );
}

const idOf = (at: number) => `run-step-${at}`;

interface LineProps {
  id: string;
  line: Placed;
  start: number;
  now: number;
  chosen: boolean;
  shut: boolean;
  onChoose: () => void;
  onFold: (shut: boolean) => void;
}

// oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- the tree around it takes the keys
function Line({ id, line: { step, depth, children }, start, now, chosen, shut, onChoose, onFold }: LineProps) {
  const look = runLook(step.status);
  return (
    <div
      id={id}
      role="treeitem"
      tabIndex={-1}
      aria-level={depth + 1}
      aria-selected={chosen}
      aria-expanded={children > 0 ? !shut : undefined}
      onClick={onChoose}
      onKeyDown={() => {}}
      style={{ height: HEIGHT, transform: `translateY(${start}px)`, paddingInlineStart: 8 + Math.min(depth, 12) * 14 }}
      className={cn("absolute inset-x-0 top-0 flex cursor-default items-center gap-1.5 pe-3 text-base", chosen ? "bg-accent-soft" : "hover:bg-hover")}
      title={step.path}
    >
      {children > 0 ? (
        <ChevronRight
          className={cn("size-3.5 shrink-0 text-muted transition-transform", !shut && "rotate-90")}
          aria-hidden
          onClick={(event) => {
            event.stopPropagation();
            onFold(!shut);
          }}
        />
      ) : (
        <span className="w-3.5 shrink-0" />
      )}
      <StateIcon look={look} />
      <span className="sr-only">{look.label}:</span>
      <span className="min-w-0 truncate">
        <bdi>{step.title}</bdi>
      </span>
      <span className="shrink-0 font-mono text-xs text-muted">{turnsOf(step.path)}</span>
      {step.attempts > 1 ? <span className="shrink-0 text-xs text-warn-ink">×{step.attempts}</span> : null}
      <span className="ms-auto shrink-0 text-sm tabular text-muted">{step.status === "skipped" ? "" : took(step, now)}</span>
    </div>
  );
}
