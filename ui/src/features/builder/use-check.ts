import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import type { FlowNode, State } from "@/document";
import type { Marker } from "@/components/code/code-editor";
import { api, body } from "@/lib/api";
import { Failure } from "@/lib/failure";
import { fromBytes } from "./bytes";
import type { Draft } from "./draft";

/** A problem of a flow, with the step it belongs to where there is one. */
export interface Found extends Marker {
  line: number;
  key?: string;
  file: string;
  help?: string;
}

interface Diagnostic {
  code: string;
  severity: "error" | "warning" | "info";
  message: string;
  path: string;
  span?: { file: number; start: number; end: number };
  help?: string;
}

/** A value once it has rested for a moment. */
export function useRested<T>(value: T, rest: number): T {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), rest);
    return () => clearTimeout(timer);
  }, [value, rest]);
  return rested;
}

/** Everything that is wrong with a draft, as the server says; what cannot be read is known at once. */
export function useCheck(draft: Draft, state: State): { problems: Found[]; unchecked: Failure | undefined } {
  const text = useRested(state.text, 400);
  const { data, error } = useQuery({
    queryKey: ["check", draft.flow.id, text],
    queryFn: () => body(api.POST("/api/check", { body: { files: [{ name: draft.flow.files[0]?.name ?? "flow.yaml", text }, ...draft.flow.files.slice(1)], bindings: draft.flow.bindings } })),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    gcTime: 60_000,
  });
  const problems = useMemo(() => {
    const own = ownProblems(state);
    if (!data || text !== state.text) return own;
    const files = data.files;
    const told = (data.diagnostics as Diagnostic[]).map((one) => found(one, state, files));
    return state.broken.length > 0 && told.length > 0 ? told : [...told, ...own.filter((one) => !told.some((other) => other.line === one.line))];
  }, [data, state, text]);
  return { problems, unchecked: error ? Failure.of(error) : undefined };
}

function ownProblems(state: State): Found[] {
  const broken = state.broken.map((one): Found => ({ message: one.message, line: one.line, from: one.range[0], to: one.range[1], severity: "error", file: "" }));
  if (broken.length > 0) return broken;
  return state.projection.problems.map((one): Found => ({ message: one.message, line: one.line, from: 0, to: 0, severity: "info", file: "", ...(one.key ? { key: one.key } : {}) }));
}

function found({ code, severity, message, span, help }: Diagnostic, state: State, files: readonly string[]): Found {
  const main = (span?.file ?? 0) === 0;
  const from = span && main ? fromBytes(state.text, span.start) : 0;
  const to = span && main ? fromBytes(state.text, span.end) : 0;
  const key = span && main ? nodeAt(state.projection.nodes, from)?.key : undefined;
  const line = state.text.slice(0, from).split("\n").length;
  return { code, severity, message, from, to, line, file: main ? "" : (files[span?.file ?? 0] ?? ""), ...(help ? { help } : {}), ...(key ? { key } : {}) };
}

/** The innermost step around a place of the text. */
export function nodeAt(nodes: readonly FlowNode[], offset: number): FlowNode | undefined {
  let best: FlowNode | undefined;
  for (const node of nodes) {
    const inside = node.range[0] <= offset && offset <= node.range[1];
    if (inside && (!best || node.range[1] - node.range[0] <= best.range[1] - best.range[0])) best = node;
  }
  return best;
}
