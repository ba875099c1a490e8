import { Handle, type Node, type NodeProps, Position, useStore } from "@xyflow/react";
import { Braces, Brain, CircleAlert, CirclePlay, CircleSlash, Flag, GitBranch, type LucideIcon, Minus, Pin, Plus, Repeat2, TriangleAlert, Box as BoxIcon } from "lucide-react";
import { memo } from "react";
import { runLook, StateIcon } from "@/components/ui/status";
import type { FlowNode, Shape } from "@/document";
import { cn } from "@/lib/cn";
import { useTicking } from "@/lib/ticking";
import { duration } from "@/lib/time";
import { HEIGHT, WIDTH } from "../model/layout";
import type { NodeState, NodeWait } from "../model/steps";
import { type FlowActions, useActions } from "./actions";

export interface StepData extends Record<string, unknown> {
  node: FlowNode;
  handles: string[];
  state?: NodeState;
  problem?: "error" | "warning";
  problemText?: string;
  /** How many steps are hidden in it; nothing while what is in it is seen. */
  collapsed: number | undefined;
  pinned: boolean;
  readOnly: boolean;
}

export type StepNode = Node<StepData, "step">;

export const ICONS: Record<Shape, LucideIcon> = {
  trigger: CirclePlay,
  model: Brain,
  task: BoxIcon,
  code: Braces,
  branch: GitBranch,
  output: Flag,
  loop: Repeat2,
};

/** What a shape is called, for whoever does not see it. */
export const SHAPES: Record<Shape, string> = {
  trigger: "start",
  model: "model",
  task: "step",
  code: "code",
  branch: "branch",
  output: "output",
  loop: "loop",
};

const [W, H] = [WIDTH - 1, HEIGHT - 1];

/** Outlines, inset by half a line. */
const OUTLINES: Record<Shape, string> = {
  trigger: `M30 1H${W - 30}A29 29 0 0 1 ${W - 30} ${H}H30A29 29 0 0 1 30 1Z`,
  task: `M9 1H${W - 8}Q${W} 1 ${W} 9V${H - 8}Q${W} ${H} ${W - 8} ${H}H9Q1 ${H} 1 ${H - 8}V9Q1 1 9 1Z`,
  model: `M14 1H${W - 13}L${W} 14V${H - 13}L${W - 13} ${H}H14L1 ${H - 13}V14Z`,
  code: `M5 1H${W - 16}L${W} 17V${H - 4}Q${W} ${H} ${W - 4} ${H}H5Q1 ${H} 1 ${H - 4}V5Q1 1 5 1ZM${W - 16} 1V13Q${W - 16} 17 ${W - 12} 17H${W}`,
  branch: `M22 1H${W - 21}L${W} ${HEIGHT / 2}L${W - 21} ${H}H22L1 ${HEIGHT / 2}Z`,
  output: `M9 1H${W - 24}L${W} ${HEIGHT / 2}L${W - 24} ${H}H9Q1 ${H} 1 ${H - 8}V9Q1 1 9 1Z`,
  loop: `M9 1H${W - 8}Q${W} 1 ${W} 9V${H - 8}Q${W} ${H} ${W - 8} ${H}H9Q1 ${H} 1 ${H - 8}V9Q1 1 9 1ZM7 1.5V${H - 0.5}M${W - 6} 1.5V${H - 0.5}`,
};

const TONES: Record<Shape, string> = {
  trigger: "text-ok-ink",
  model: "text-wait-ink",
  task: "text-accent-ink",
  code: "text-busy-ink",
  branch: "text-warn-ink",
  output: "text-muted",
  loop: "text-accent-ink",
};

/** Below this zoom nobody can read: then a node is a coloured bar, or its name in large letters, and a large flow stays quick. */
export const SIMPLE_BELOW = 0.45;
/** Of more nodes than this names would cost more than they tell. */
const MOST_NAMED = 60;

/** Where handles lie along the right edge. */
export const handleTop = (at: number, count: number): number => ((at + 1) * HEIGHT) / (count + 1);

export const StepView = memo(function StepView({ id, data, selected }: NodeProps<StepNode>) {
  const simple = useStore((state) => state.transform[2] < SIMPLE_BELOW);
  return (
    <div className="group relative" style={{ width: WIDTH, height: HEIGHT }}>
      {simple ? <Simple data={data} selected={selected} /> : <Full id={id} data={data} selected={selected} />}
      {simple ? <Still data={data} /> : <Live data={data} />}
    </div>
  );
}, sameLook);

/** Where edges can be drawn from and to. */
function Live({ data }: { data: StepData }) {
  return (
    <>
      {data.node.target ? <Handle type="target" position={Position.Left} isConnectable={!data.readOnly} className="canvas-handle" /> : null}
      {data.handles.map((handle, at) => (
        <Handle
          key={handle}
          id={handle}
          type="source"
          position={Position.Right}
          isConnectable={!data.readOnly}
          className="canvas-handle"
          style={{ top: handleTop(at, data.handles.length) }}
        />
      ))}
    </>
  );
}

/** The same places, as the library measures them; they follow nothing, which a thousand of them would do in each frame. */
function Still({ data }: { data: StepData }) {
  const look = "react-flow__handle canvas-handle invisible";
  return (
    <>
      {data.node.target ? <span className={`${look} react-flow__handle-left target`} data-handlepos="left" /> : null}
      {data.handles.map((handle, at) => (
        <span key={handle} className={`${look} react-flow__handle-right source`} data-handleid={handle} data-handlepos="right" style={{ top: handleTop(at, data.handles.length) }} />
      ))}
    </>
  );
}

function Simple({ data, selected }: { data: StepData; selected: boolean }) {
  const tone = data.state ? (data.state.status === "failed" ? "bg-bad" : data.state.status === "succeeded" ? "bg-ok" : "bg-busy") : "bg-line-strong";
  const named = useStore((state) => state.nodes.length <= MOST_NAMED);
  return (
    <div className={cn("flex h-full flex-col justify-center gap-1 overflow-hidden rounded-md border-2 bg-surface px-3", data.node.disabled && "border-dashed", selected ? "border-ring" : data.problem ? "border-bad" : "border-control")}>
      {named ? <span className={cn("truncate text-[22px]/tight font-medium", data.node.disabled && "text-muted line-through")} dir="auto">{data.node.title}</span> : null}
      {named && !data.state ? null : <span className={cn("w-full shrink-0 rounded-sm", named ? "h-1.5" : "h-5", tone)} />}
    </div>
  );
}

function Full({ id, data, selected }: { id: string; data: StepData; selected: boolean }) {
  const { node, state, problem } = data;
  const actions = useActions();
  const Icon = ICONS[node.shape];
  return (
    <>
      <svg width={WIDTH} height={HEIGHT} aria-hidden className={cn("absolute inset-0 fill-surface stroke-[1.25]", outline(selected, problem, state), node.disabled && "[stroke-dasharray:5_4]")}>
        <path d={OUTLINES[node.shape]} />
      </svg>
      <div className="relative flex h-full items-center gap-2 ps-4.5 pe-5">
        <Icon className={cn("size-4.5 shrink-0", TONES[node.shape])} aria-hidden />
        <div className="min-w-0 flex-1 leading-tight">
          <div className={cn("truncate text-base font-medium", node.disabled && "text-muted line-through")} dir="auto">{node.title}</div>
          <div className="truncate text-xs text-muted" dir="auto">{[node.kind ?? node.type, node.summary].filter(Boolean).join(" · ")}</div>
        </div>
        {node.disabled ? <CircleSlash className="size-3.5 shrink-0 text-muted" aria-label="disabled" /> : null}
        {data.pinned ? <Pin className="size-3.5 shrink-0 fill-current text-accent-ink" aria-label="output pinned" /> : null}
        {problem ? <Problem problem={problem} /> : null}
      </div>
      {state ? <State id={id} state={state} actions={actions} /> : null}
      {node.region ? <Collapse id={id} collapsed={data.collapsed} actions={actions} /> : null}
      {data.handles.length > 1 ? <Names handles={data.handles} /> : null}
      {!data.readOnly && data.handles.length > 0 ? <AddAfter id={id} title={node.title} actions={actions} /> : null}
    </>
  );
}

function outline(selected: boolean, problem: StepData["problem"], state: NodeState | undefined): string {
  if (selected) return "stroke-ring stroke-2!";
  if (problem === "error" || state?.status === "failed") return "stroke-bad stroke-2!";
  if (state?.status === "running") return "stroke-busy stroke-2!";
  return "stroke-control";
}

function Problem({ problem }: { problem: "error" | "warning" }) {
  return problem === "error" ? (
    <CircleAlert className="size-4 shrink-0 text-bad-ink" aria-label="has an error" />
  ) : (
    <TriangleAlert className="size-4 shrink-0 text-warn-ink" aria-label="has a warning" />
  );
}

function State({ id, state, actions }: { id: string; state: NodeState; actions: FlowActions }) {
  const { wait } = state;
  const look = runLook(wait ? "waiting" : state.status);
  return (
    <div className="absolute start-4 top-full z-1 mt-1 flex max-w-52 items-center gap-1 rounded-full border border-line bg-raised px-1.5 text-xs" title={state.detail || look.label}>
      <StateIcon look={look} className="size-3" />
      {look.label}
      {state.count > 1 ? <span className="text-muted">× {state.count}</span> : null}
      {wait ? <Waits wait={wait} /> : state.detail ? <span className="truncate text-muted">{state.detail}</span> : null}
      {wait?.asks && actions.answer ? (
        <button type="button" tabIndex={-1} className="nodrag -me-1 rounded-full bg-accent px-1.5 text-accent-on hover:bg-accent-hover" onClick={() => actions.answer?.(id)}>
          Answer
        </button>
      ) : null}
    </div>
  );
}

/** What it waits for, and for how long still. */
function Waits({ wait }: { wait: NodeWait }) {
  const now = useTicking(wait.until !== undefined, 1_000);
  const left = wait.until === undefined ? "" : wait.until > now ? `, ${duration(Math.ceil((wait.until - now) / 1_000) * 1_000)}` : ", now";
  return <span className="truncate text-muted tabular">{wait.words + left}</span>;
}

function Collapse({ id, collapsed, actions }: { id: string; collapsed: number | undefined; actions: FlowActions }) {
  const shut = collapsed !== undefined;
  return (
    <button type="button" tabIndex={-1} aria-label={shut ? "Show what is inside" : "Hide what is inside"} title={shut ? `Show what is inside: ${collapsed} ${collapsed === 1 ? "step" : "steps"}` : "Hide what is inside"} className="nodrag absolute -top-2 end-4 flex h-4 min-w-4 items-center justify-center rounded-full border border-control bg-surface text-muted hover:text-ink" onClick={() => actions.collapse(id)}>
      {shut ? <Plus className="size-3" aria-hidden /> : <Minus className="size-3" aria-hidden />}
      {shut ? <span className="pe-1 text-[10px]/none" aria-hidden>{collapsed}</span> : null}
    </button>
  );
}

function Names({ handles }: { handles: string[] }) {
  return handles.map((handle, at) => (
    <span key={handle} className="pointer-events-none absolute start-full ms-2 max-w-16 -translate-y-full truncate text-[10px] leading-3 text-muted" style={{ top: handleTop(at, handles.length) }}>
      {handle}
    </span>
  ));
}

function AddAfter({ id, title, actions }: { id: string; title: string; actions: FlowActions }) {
  return (
    <button type="button" tabIndex={-1} aria-label={`Add a step after ${title}`} className="nodrag absolute start-full top-1/2 ms-4 hidden size-5 -translate-y-1/2 items-center justify-center rounded-full border border-control bg-surface text-muted group-hover:flex hover:text-ink" onClick={() => actions.addAfter(id)}>
      <Plus className="size-3.5" aria-hidden />
    </button>
  );
}

/** A node that looks the same is not drawn again, though it was read anew. */
function sameLook(a: NodeProps<StepNode>, b: NodeProps<StepNode>): boolean {
  const [x, y] = [a.data, b.data];
  return (
    a.selected === b.selected &&
    a.id === b.id &&
    x.node.title === y.node.title &&
    x.node.summary === y.node.summary &&
    x.node.type === y.node.type &&
    x.node.kind === y.node.kind &&
    x.node.shape === y.node.shape &&
    x.node.region === y.node.region &&
    x.node.disabled === y.node.disabled &&
    x.handles.join() === y.handles.join() &&
    x.problem === y.problem &&
    x.collapsed === y.collapsed &&
    x.pinned === y.pinned &&
    x.readOnly === y.readOnly &&
    x.state?.status === y.state?.status &&
    x.state?.detail === y.state?.detail &&
    x.state?.count === y.state?.count &&
    x.state?.wait?.words === y.state?.wait?.words &&
    x.state?.wait?.until === y.state?.wait?.until
  );
}
