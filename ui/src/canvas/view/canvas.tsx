import "./canvas.css";
import {
  Background,
  BackgroundVariant,
  type Connection,
  MarkerType,
  MiniMap,
  type Node,
  type NodeChange,
  Position,
  ReactFlow,
  SelectionMode,
  useReactFlow,
  useStore,
} from "@xyflow/react";
import { type DragEvent, type MouseEvent, type ReactNode, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { type CanvasData, handleOf, type Point, type Projection } from "@/document";
import { cn } from "@/lib/cn";
import { useLatest } from "@/lib/latest";
import { framesOf } from "../model/frames";
import { HEIGHT, hiddenIn, WIDTH } from "../model/layout";
import { edgeStates, type NodeState, wentAlong } from "../model/steps";
import { Actions, type FlowActions } from "./actions";
import { FIT } from "./fit";
import { type WireEdge, WireView } from "./edge";
import { type FrameNode, FrameView } from "./frame";
import { handleTop, SHAPES, SIMPLE_BELOW, type StepNode, StepView } from "./node";
import { type NoteNode, NoteView } from "./note";
import { ZoomBar } from "./zoom-bar";

const NODE_TYPES = { step: StepView, note: NoteView, frame: FrameView };
const EDGE_TYPES = { wire: WireView };
/** A map of more nodes costs more than it shows. */
const MOST_MAPPED = 300;
/** Of more nodes only those in sight are drawn. */
const MOST_AT_ONCE = 60;
/** From afar most are in sight: to leave some out would draw all anew whenever one comes or goes. Not of more than this. */
const MOST_FROM_AFAR = 1500;
const NOBODY = {};
const SIZE = { width: WIDTH, height: HEIGHT };

type AnyNode = StepNode | NoteNode | FrameNode;

export interface FlowCanvasProps {
  projection: Projection;
  shown: Pick<Projection, "nodes" | "edges">;
  places: ReadonlyMap<string, Point>;
  canvas: CanvasData;
  selected: ReadonlySet<string>;
  collapsed: ReadonlySet<string>;
  states?: ReadonlyMap<string, NodeState>;
  problems?: ReadonlyMap<string, "error" | "warning">;
  pinned?: ReadonlySet<string>;
  /** The last drawing that could be read, while the text cannot. */
  dimmed?: boolean;
  readOnly?: boolean;
  /** Whoever shows it has no keys for how near it is. */
  keyless?: boolean;
  actions: FlowActions;
  onSelect: (keys: string[]) => void;
  onMove?: (moves: { [key: string]: Point }) => void;
  onConnect?: (source: string, target: string, handle: string | undefined) => void;
  /** A wire was let go over nothing. */
  onLoose?: (source: string, handle: string | undefined, at: Point) => void;
  onOpen?: (key: string) => void;
  onCreate?: (at: Point) => void;
  onDropped?: (data: DataTransfer, at: Point, edge: string | undefined) => void;
  children?: ReactNode;
}

/** A flow as a drawing. What is done to it is told to whoever shows it; nothing is kept here but a drag under way. */
export function FlowCanvas(props: FlowCanvasProps) {
  const { projection, shown, places, readOnly = false, keyless = false } = props;
  const [drag, setDrag] = useState<{ [key: string]: Point }>(NOBODY);
  const nodes = useNodes(props, drag);
  const edges = useEdges(props);
  const { screenToFlowPosition } = useReactFlow();
  const latest = useLatest(props);
  const mark = useMark(props);
  useSpace();
  const afar = useStore((state) => state.transform[2] < SIMPLE_BELOW);
  const many = shown.nodes.length > (afar ? MOST_FROM_AFAR : MOST_AT_ONCE);

  const change = useCallback((changes: NodeChange<AnyNode>[]) => {
    const moves: { [key: string]: Point } = {};
    for (const one of changes) if (one.type === "position" && one.position) moves[one.id] = one.position;
    mark(changes, (id) => id);
    if (Object.keys(moves).length > 0) setDrag((before) => ({ ...before, ...moves }));
  }, [mark]);

  const stop = useCallback((_event: unknown, _node: Node, dragged: Node[]) => {
    const moves = Object.fromEntries(dragged.map((node) => [node.id, node.position]));
    setDrag(NOBODY);
    latest.current.onMove?.(moves);
  }, [latest]);

  const drop = (event: DragEvent) => {
    event.preventDefault();
    const at = screenToFlowPosition({ x: event.clientX, y: event.clientY });
    props.onDropped?.(event.dataTransfer, at, edgeUnder(event));
  };

  const doubled = (event: MouseEvent) => {
    const on = event.target as HTMLElement;
    if (!on.classList.contains("react-flow__pane") || readOnly) return;
    props.onCreate?.(screenToFlowPosition({ x: event.clientX, y: event.clientY }));
  };

  return (
    <Actions value={props.actions}>
      <div className={cn("canvas-host relative size-full transition-opacity", props.dimmed && "opacity-45")} onDoubleClick={doubled}>
        <ReactFlow<AnyNode, WireEdge>
          nodes={nodes}
          edges={edges}
          nodeTypes={NODE_TYPES}
          edgeTypes={EDGE_TYPES}
          onNodesChange={change}
          onNodeDragStop={stop}
          onSelectionDragStop={(event, dragged) => dragged[0] && stop(event, dragged[0], dragged)}
          onEdgesChange={(changes) => mark(changes, (id) => `edge:${id}`)}
          onConnect={(made: Connection) => props.onConnect?.(made.source, made.target, made.sourceHandle ?? undefined)}
          onConnectEnd={(event, state) => {
            if (state.isValid || !state.fromNode || state.fromHandle?.type !== "source" || state.toNode) return;
            const point = "changedTouches" in event ? event.changedTouches[0] : event;
            if (point) props.onLoose?.(state.fromNode.id, state.fromHandle.id ?? undefined, screenToFlowPosition({ x: point.clientX, y: point.clientY }));
          }}
          onNodeClick={(event, node) => {
            // One of several that are selected is then the only one; a drag of all of them is no click.
            if (props.selected.size > 1 && props.selected.has(node.id) && !event.shiftKey && !event.ctrlKey && !event.metaKey) props.onSelect([node.id]);
          }}
          onNodeDoubleClick={(_, node) => node.type === "step" && props.onOpen?.(node.id)}
          // Not with the press that begins it: in a drawing that is only read, a step that is clicked begins it too.
          onMove={(event) => moving(event, true)}
          onMoveEnd={(event) => moving(event, false)}
          onPaneClick={() => props.selected.size > 0 && props.onSelect([])}
          onDragOver={(event) => event.preventDefault()}
          onDrop={drop}
          nodesDraggable={!readOnly}
          nodesConnectable={!readOnly}
          nodesFocusable={false}
          edgesFocusable={false}
          deleteKeyCode={null}
          disableKeyboardA11y
          selectionMode={SelectionMode.Partial}
          multiSelectionKeyCode={["Shift", "Meta", "Control"]}
          panActivationKeyCode={null}
          zoomOnDoubleClick={false}
          panOnScroll
          onlyRenderVisibleElements={many}
          minZoom={0.08}
          maxZoom={2}
          fitView
          fitViewOptions={FIT}
          ariaLabelConfig={{ "node.a11yDescription.default": "", "node.a11yDescription.keyboardDisabled": "", "edge.a11yDescription.default": "" }}
        >
          <Background variant={BackgroundVariant.Dots} gap={20} size={1} />
          {projection.nodes.length > 0 && shown.nodes.length <= MOST_MAPPED ? (
            <MiniMap pannable zoomable ariaLabel="Map of the flow" nodeColor={mapped} nodeStrokeColor={outlined} nodeStrokeWidth={8} maskColor="var(--hover)" style={{ width: 150, height: 96 }} />
          ) : null}
          <ZoomBar places={places} notes={props.canvas.notes} keyless={keyless} />
          {props.children}
        </ReactFlow>
        {places.size === 0 ? null : <span className="sr-only" role="status">{`${shown.nodes.length} steps`}</span>}
      </div>
    </Actions>
  );
}

/** On the map frames are outlines: what is in them is seen. */
const mapped = ({ type, data }: AnyNode): string => (type === "frame" ? "transparent" : type === "note" ? "var(--line-strong)" : (data as StepNode["data"]).state?.status === "failed" ? "var(--bad)" : "var(--control)");
const outlined = ({ type }: AnyNode): string => (type === "frame" ? "var(--line-strong)" : "transparent");

/** While Space is held the drawing is dragged, whatever of it lies under the pointer. */
function useSpace(): void {
  useEffect(() => {
    const hold = (is: boolean) => document.querySelectorAll(".react-flow").forEach((flow) => flow.classList.toggle("held", is));
    const press = (event: KeyboardEvent) => {
      const free = event.target instanceof Element && event.target.matches("body, [role=application]");
      if (event.key !== " " || !free) return;
      event.preventDefault();
      hold(true);
    };
    const release = (event: KeyboardEvent) => event.key === " " && hold(false);
    const leave = () => hold(false);
    addEventListener("keydown", press);
    addEventListener("keyup", release);
    addEventListener("blur", leave);
    return () => {
      removeEventListener("keydown", press);
      removeEventListener("keyup", release);
      removeEventListener("blur", leave);
    };
  }, []);
}

/** Told to the style sheet alone: nothing is drawn anew for it. */
function moving(event: globalThis.MouseEvent | TouchEvent | null, is: boolean): void {
  const on = event?.target instanceof Element ? event.target.closest(".react-flow") : undefined;
  for (const flow of on ? [on] : document.querySelectorAll(".react-flow")) flow.classList.toggle("moving", is);
}

interface Marked {
  type: string;
  id?: string;
  selected?: boolean;
}

/** Steps and edges are marked one after the other in one event; what its owner does not take is forgotten with the event. */
function useMark({ selected, onSelect }: FlowCanvasProps): (changes: readonly Marked[], key: (id: string) => string) => void {
  const marked = useRef(selected);
  const shown = useLatest(selected);
  const told = useLatest(onSelect);
  useLayoutEffect(() => {
    marked.current = selected;
  }, [selected]);
  return useCallback((changes, key) => {
    const chosen = changes.filter((one) => one.type === "select");
    if (chosen.length === 0) return;
    const selection = new Set(marked.current);
    for (const { id = "", selected } of chosen) {
      if (selected) selection.add(key(id));
      else selection.delete(key(id));
    }
    marked.current = selection;
    told.current([...selection]);
    // The next changes are told against what is shown then.
    queueMicrotask(() => {
      if (marked.current === selection) marked.current = shown.current;
    });
  }, [told, shown]);
}

function edgeUnder(event: DragEvent): string | undefined {
  const found = document.elementsFromPoint(event.clientX, event.clientY).map((element) => element.closest(".react-flow__edge")).find(Boolean);
  return found?.getAttribute("data-id") ?? undefined;
}

function useNodes(props: FlowCanvasProps, drag: { [key: string]: Point }): AnyNode[] {
  const steps = useSteps(props, drag);
  const frames = useFrames(props, drag);
  const { canvas, selected, readOnly = false } = props;
  return useMemo(() => {
    const notes = Object.entries(canvas.notes).map(([id, note]): NoteNode => {
      const key = `note:${id}`;
      return { id: key, type: "note", position: drag[key] ?? { x: note.x, y: note.y }, width: note.width, height: note.height, selected: selected.has(key), data: { note, readOnly }, zIndex: -1, ariaLabel: "Note" };
    });
    return [...frames, ...notes, ...steps];
  }, [frames, steps, canvas, selected, readOnly, drag]);
}

/** Neither what is selected nor what a run does moves them. */
function useFrames({ canvas: { groups }, shown, places, projection: { dialect }, readOnly = false }: FlowCanvasProps, drag: { [key: string]: Point }): FrameNode[] {
  return useMemo(
    () =>
      framesOf({ dialect }, shown, groups, (key) => drag[key] ?? places.get(key)).map((frame): FrameNode => {
        const { id, box: { x, y, width, height } } = frame;
        // Its name takes the pointer, and nothing else of it.
        return { id, type: "frame", position: { x, y }, width, height, data: { frame, readOnly }, selectable: false, draggable: false, focusable: false, zIndex: -2, style: { pointerEvents: "none" } };
      }),
    [dialect, shown, groups, places, readOnly, drag],
  );
}

function useSteps({ projection, shown, places, selected, collapsed, states, problems, pinned, readOnly = false }: FlowCanvasProps, drag: { [key: string]: Point }): StepNode[] {
  const used = useMemo(() => usedHandles(projection), [projection]);
  const hidden = useMemo(() => hiddenIn(projection.nodes, collapsed), [projection, collapsed]);
  return useMemo(
    () =>
      shown.nodes.map((node): StepNode => {
        const handles = [...new Set([...node.handles, ...(used.get(node.key) ?? [])])];
        const state = states?.get(node.key);
        const problem = problems?.get(node.key);
        return {
          id: node.key,
          type: "step",
          position: drag[node.key] ?? places.get(node.key) ?? { x: 0, y: 0 },
          width: WIDTH,
          height: HEIGHT,
          measured: SIZE,
          // Told beforehand, so that nothing needs to be measured before edges are drawn.
          handles: [
            ...(node.target ? [{ type: "target" as const, position: Position.Left, x: -5, y: HEIGHT / 2 - 5, width: 10, height: 10 }] : []),
            ...handles.map((id, at) => ({ id, type: "source" as const, position: Position.Right, x: WIDTH - 5, y: handleTop(at, handles.length) - 5, width: 10, height: 10 })),
          ],
          selected: selected.has(node.key),
          ariaLabel: [node.title, SHAPES[node.shape], node.kind ?? node.type, state?.status, node.disabled && "disabled", problem && `has an ${problem}`].filter(Boolean).join(", "),
          data: { node, handles, collapsed: hidden.get(node.key), pinned: pinned?.has(node.key) ?? false, readOnly, ...(state ? { state } : {}), ...(problem ? { problem } : {}) },
        };
      }),
    [shown, places, selected, states, problems, pinned, readOnly, used, hidden, drag],
  );
}

function usedHandles(projection: Projection): Map<string, string[]> {
  const own = new Map(projection.nodes.map((node) => [node.key, node.handles]));
  const used = new Map<string, string[]>();
  for (const edge of projection.edges) used.set(edge.source, [...(used.get(edge.source) ?? []), handleOf(projection, edge, own.get(edge.source) ?? [])]);
  return used;
}

function useEdges({ projection, shown, selected, readOnly = false, states }: FlowCanvasProps): WireEdge[] {
  return useMemo(() => {
    const own = new Map(projection.nodes.map((node) => [node.key, node.handles]));
    const titles = new Map(projection.nodes.map((node) => [node.key, node.title]));
    const stateOf = states && states.size > 0 ? edgeStates(projection, states) : () => undefined;
    return shown.edges.map((edge): WireEdge => {
      const state = stateOf(edge);
      return {
        id: edge.key,
        type: "wire",
        source: edge.source,
        target: edge.target,
        sourceHandle: handleOf(projection, edge, own.get(edge.source) ?? []),
        selected: selected.has(`edge:${edge.key}`),
        markerEnd: { type: MarkerType.ArrowClosed, width: 16, height: 16, markerUnits: "userSpaceOnUse", color: "var(--control)" },
        ariaLabel: [`From ${titles.get(edge.source) ?? ""} to ${titles.get(edge.target) ?? ""}`, ...(state ? [wentAlong(state)] : [])].join(", "),
        data: { edge, readOnly, state },
      };
    });
  }, [projection, shown, selected, readOnly, states]);
}
