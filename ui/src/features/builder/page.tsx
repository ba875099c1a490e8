import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { ReactFlowProvider } from "@xyflow/react";
import { CircleAlert, CircleCheck } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import type { Language } from "@/components/code/code-editor";
import { Button } from "@/components/ui/button";
import { Shown } from "@/components/ui/states";
import { kindsQuery } from "@/features/catalogue/data";
import { useMay, useSession } from "@/features/session/data";
import { api, body } from "@/lib/api";
import { cn } from "@/lib/cn";
import { useEdits, useTrials } from "./actions";
import { useClipboard } from "./clipboard";
import { useBuilderCommands } from "./commands";
import { Conflict } from "./conflict";
import type { Draft, Flow } from "./draft";
import { aroundOf } from "./expression/place";
import { Inspector, useLater } from "./later";
import { NotSaved } from "./not-saved";
import { choicesOf } from "./offers";
import { Overs } from "./overs";
import { Problems } from "./problems";
import { noteAdded } from "./recent";
import { referencesOf } from "./refs";
import { SideList } from "./side";
import { Drawing, TextView } from "./stage";
import { type Builder, useBuilder } from "./state";
import { Toolbar } from "./toolbar";
import type { Found } from "./use-check";

/** A flow while it is drawn, written and tried. */
export function BuilderPage() {
  const { flow: id } = useParams({ from: "/_app/flows/$flow/" });
  const asked = useQuery({
    queryKey: ["flow", id, "draft"],
    queryFn: () => body(api.GET("/api/flows/{id}", { params: { path: { id } } })),
    // The draft knows from here on; what others save meanwhile is told when ours is saved.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    refetchOnReconnect: false,
    refetchOnWindowFocus: false,
  });
  return (
    <Shown asked={asked} what="this flow">
      {(flow) => (
        <ReactFlowProvider key={flow.id}>
          <Opened flow={flow} />
        </ReactFlowProvider>
      )}
    </Shown>
  );
}

function Opened({ flow }: { flow: Flow }) {
  const may = useMay();
  const builder = useBuilder(flow);
  const edits = useEdits(builder);
  const trials = useTrials(builder);
  const allowed = { write: may("flows.write"), publish: may("flows.publish"), run: may("runs.start"), deploy: may("flows.deploy") };
  const { draft, document: doc, view, state } = builder;
  const { data: kinds, isPending: looking } = useQuery(kindsQuery);
  const choices = useMemo(() => choicesOf(doc.dialect, kinds?.items ?? []), [doc.dialect, kinds]);
  const [place, setPlace] = useState<{ from: number; to: number; nonce: number }>();
  const language: Language = doc.format;
  useBuilderCommands(builder, edits, trials, allowed);
  useClipboard(builder, edits, allowed.write);
  useLeaving(draft);
  useSignedInAgain(draft);
  useLater();

  const go = (problem: Found) => {
    if (problem.key !== undefined) builder.select([problem.key]);
    if (view === "canvas" && problem.key === undefined) builder.setView("split");
    if (view === "canvas" && problem.key !== undefined) builder.setOpened(problem.key);
    setPlace({ from: problem.from, to: problem.to, nonce: Date.now() });
  };
  return (
    <div className="flex h-full flex-col">
      <Toolbar builder={builder} edits={edits} trials={trials} may={allowed} />
      <NotSaved draft={draft} onDownload={edits.save} />
      {draft.found ? <FoundBefore draft={draft} /> : null}
      <div className="group/builder flex min-h-0 flex-1">
        {view === "yaml" ? null : <SideList builder={builder} choices={choices} looking={looking} mayWrite={allowed.write} onAdd={(choice) => builder.perform({ do: "add", node: choice.node, place: whereNext(builder, edits.keys) }) && noteAdded(choice)} />}
        <div className="flex min-w-0 flex-1 flex-col">
          <div className={cn("grid min-h-0 flex-1", view === "split" && "grid-cols-2")}>
            {view === "yaml" ? null : (
              <section aria-label="Drawing" className="min-h-0 min-w-0">
                <Drawing builder={builder} edits={edits} trials={trials} choices={choices} mayWrite={allowed.write} />
              </section>
            )}
            {view === "canvas" ? null : (
              <section aria-label="Text" className="min-h-0 min-w-0 border-s border-line">
                <TextView builder={builder} language={language} mayWrite={allowed.write} place={place} onCursor={(key) => key !== undefined && view === "split" && state.broken.length === 0 && builder.select([key])} />
              </section>
            )}
          </div>
          <Below builder={builder} onGo={go} />
        </div>
        {builder.opened === undefined || view === "yaml" ? null : <OpenStep builder={builder} trials={trials} mayWrite={allowed.write} mayRun={allowed.run} />}
      </div>
      <Overs builder={builder} trials={trials} choices={choices} kinds={kinds?.items ?? []} language={language} />
      {draft.theirs ? <Conflict draft={draft} language={language} /> : null}
    </div>
  );
}

/** Behind what is selected; else behind what comes last. */
function whereNext({ projection, places }: Builder, keys: readonly string[]): { after?: string } {
  const last = keys[keys.length - 1];
  if (last !== undefined) return { after: last };
  if (projection.dialect === "tree") return projection.nodes[0] ? { after: projection.nodes[0].key } : {};
  if (projection.dialect === "organism") return {};
  const open = projection.nodes.filter((node) => node.handles.length > 0 && !projection.edges.some((edge) => edge.source === node.key));
  const found = open.sort((a, b) => (places.get(b.key)?.x ?? 0) - (places.get(a.key)?.x ?? 0))[0];
  return found ? { after: found.key } : {};
}

/** What is only advice does not count as a problem. */
function counted(problems: readonly Found[]): string {
  const hints = problems.filter((one) => one.severity === "info").length;
  const count = (many: number, one: string) => (many === 0 ? [] : [`${many} ${one}${many === 1 ? "" : "s"}`]);
  return [...count(problems.length - hints, "problem"), ...count(hints, "hint")].join(", ");
}

function Below({ builder, onGo }: { builder: Builder; onGo: (problem: Found) => void }) {
  const [open, setOpen] = useState(false);
  const { problems, projection, draft, unchecked } = builder;
  const errors = problems.filter((one) => one.severity === "error").length;
  return (
    <footer className="border-t border-line bg-surface">
      <div className="flex h-8 items-center gap-3 overflow-hidden px-3 text-sm whitespace-nowrap text-muted">
        <Button size="sm" look="quiet" aria-expanded={open} onClick={() => setOpen(!open)}>
          {errors > 0 ? <CircleAlert className="text-bad-ink" aria-hidden /> : <CircleCheck className="text-ok-ink" aria-hidden />}
          {problems.length === 0 ? (unchecked ? "Problems" : "No problems") : counted(problems)}
        </Button>
        {unchecked ? <span role="status" className="truncate text-warn-ink" title={unchecked.message}>Not checked: {unchecked.title}</span> : null}
        <span>{projection.nodes.length} steps</span>
        <span className="ms-auto truncate">{`${draft.flow.project} / ${draft.flow.name} · save ${draft.flow.revision}`}</span>
      </div>
      {open ? <Problems problems={problems} onGo={onGo} /> : null}
    </footer>
  );
}

function OpenStep({ builder, trials, mayWrite, mayRun }: { builder: Builder; trials: ReturnType<typeof useTrials>; mayWrite: boolean; mayRun: boolean }) {
  const { projection, opened, steps, states, problems, perform, document: doc, runId, setOpened } = builder;
  const mayRead = useMay()("runs.read");
  const { data: runs } = useQuery({
    queryKey: ["runs", "of", builder.draft.flow.id, runId, builder.run?.status],
    queryFn: () => body(api.GET("/api/runs", { params: { query: { flow: builder.draft.flow.id, limit: 20 } } })),
    enabled: mayRead,
    placeholderData: keepPreviousData,
  });
  const references = useMemo(() => referencesOf(projection, steps, trials.input), [projection, steps, trials.input]);
  const node = projection.nodes.find((one) => one.key === opened);
  if (!node) return null;
  const around = aroundOf(builder, node);
  const path = states.get(node.key)?.path;
  const own = steps.filter((step) => step.path.replace(/\[\d+\]/g, "") === path?.replace(/\[\d+\]/g, ""));
  return (
    <Inspector.Part
      node={node}
      dialect={doc.dialect}
      projection={projection}
      problems={problems.filter((problem) => problem.key === node.key)}
      steps={own}
      run={builder.run}
      runs={runs?.items ?? []}
      onRun={builder.setRunId}
      pin={trials.pins[node.id]}
      mayRun={mayRun}
      testData={trials.tests[node.id]}
      onTestData={(data) => trials.setTest(node.id, data)}
      context={{ set: (at, value) => doc.run({ do: "set", key: node.key, path: at, value }, Date.now()).refused, references, run: runId, step: path, readOnly: !mayWrite, around }}
      onPin={(value) => trials.pin(node.id, value)}
      onRename={(title) => perform({ do: "rename", key: node.key, title })}
      onTest={(data) => trials.test(node.id, data)}
      onRunTo={() => trials.runTo(node.id)}
      onRunFrom={trials.runFrom && (() => trials.runFrom?.(node.id))}
      onClose={() => {
        setOpened(undefined);
        document.getElementById("canvas")?.focus();
      }}
    />
  );
}

function FoundBefore({ draft }: { draft: Draft }) {
  return (
    <div role="status" className="flex items-center gap-3 border-b border-line bg-warn-soft px-4 py-2 text-base text-warn-ink">
      <span className="flex-1">Changes from before were not saved when this page was left.</span>
      <Button size="sm" onClick={() => draft.restoreFound(Date.now())}>Bring them back</Button>
      <Button size="sm" look="quiet" onClick={() => draft.dropFound()}>Drop them</Button>
    </div>
  );
}

/** What could not be saved because the session had ended is saved in the next one. */
function useSignedInAgain(draft: Draft): void {
  const { csrf } = useSession();
  const before = useRef(csrf);
  useEffect(() => {
    if (before.current === csrf) return;
    before.current = csrf;
    if (draft.save === "failed" && draft.problem?.kind === "signed-out") void draft.flush();
  }, [csrf, draft]);
}

/** Saves when the page is left for another one. */
function useLeaving(draft: Draft): void {
  useEffect(() => () => void draft.flush(), [draft]);
}
