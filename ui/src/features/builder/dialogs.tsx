import { useEffect, useMemo, useState } from "react";
import { named } from "@/canvas/model/walk";
import type { Language } from "@/components/code/code-editor";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Field, Input } from "@/components/ui/input";
import { toast } from "@/components/ui/toast";
import type { Json, Place } from "@/document";
import type { KindLine } from "@/features/catalogue/data";
import { DIALECTS } from "@/features/flows/dialect";
import { TakenList } from "@/features/flows/taken-list";
import { Follow } from "@/features/runs/live/follow";
import { Answer, wordsOf } from "@/features/runs/run/waiting";
import { api, body } from "@/lib/api";
import { Failure } from "@/lib/failure";
import type { Trials } from "./actions";
import { Chooser, Creator } from "./chooser";
import { JsonField } from "./fields";
import { type Choice, fittingFirst, givenBy } from "./offers";
import { type Builder, stepsOf } from "./state";
import { SubFlow } from "./sub-flow";
import { Publish, Versions } from "./versions";

/** Lists and fields that were opened from the canvas give the keys back to it. */
function useBackToCanvas(open: boolean): void {
  useEffect(() => {
    if (!open) return;
    return () => void setTimeout(() => document.activeElement === document.body && document.getElementById("canvas")?.focus(), 0);
  }, [open]);
}

/** Whatever lies over the page. */
export function Overs({ builder, trials, choices, kinds, language }: { builder: Builder; trials: Trials; choices: readonly Choice[]; kinds: readonly KindLine[]; language: Language }) {
  const { over, setOver, draft, perform } = builder;
  const close = () => setOver(undefined);
  useBackToCanvas(over !== undefined);
  switch (over?.what) {
    case "creator":
      return <Creator choices={choicesFor(builder, choices, kinds, over.place)} onClose={close} onChoose={(choice) => { close(); perform({ do: "add", node: choice.node, place: over.place }); }} />;
    case "connect":
      return <ConnectTo builder={builder} from={over.from} onClose={close} />;
    case "rename":
      return <Rename builder={builder} which={over.key} onClose={close} />;
    case "answer":
      return <AnswerDialog builder={builder} path={over.path} onClose={close} />;
    case "extract":
      return builder.document.dialect.flowOf ? <SubFlow builder={builder} onClose={close} /> : <Extract builder={builder} onClose={close} />;
    case "taken":
      return <Dialog open onOpenChange={(open) => !open && close()} size="md" title="What came along from n8n" footer={<Button look="primary" onClick={close}>Look at it</Button>}><TakenList taken={over.taken} /></Dialog>;
    case "publish":
      return <Publish draft={draft} language={language} onClose={close} />;
    case "versions":
      return <Versions draft={draft} language={language} onClose={close} />;
    case "input":
      return <InputDialog trials={trials} onClose={close} />;
    case "convert":
      return <ConvertDialog builder={builder} onClose={close} />;
    default:
      return null;
  }
}

/** Behind a step, those come first that take what it gives. */
function choicesFor({ projection }: Builder, choices: readonly Choice[], kinds: readonly KindLine[], place: Place): readonly Choice[] {
  const edge = projection.edges.find((one) => one.key === place.edge);
  const from = projection.nodes.find((node) => node.key === (place.after ?? edge?.source));
  const gives = from && projection.dialect === "graph" ? givenBy(from, place.handle ?? edge?.handle, kinds) : undefined;
  return from && gives ? fittingFirst(choices, gives, from.title) : choices;
}

function ConnectTo({ builder, from, onClose }: { builder: Builder; from: string; onClose: () => void }) {
  const { projection, perform } = builder;
  const search = useMemo(() => (text: string) => named(projection, text).filter((node) => node.key !== from && node.target).map((node) => ({ id: node.key, title: node.title, summary: `${node.kind ?? node.type} · ${node.id}` })), [projection, from]);
  const title = projection.nodes.find((node) => node.key === from)?.title ?? "";
  return <Chooser title={`Connect ${title} to…`} label="Search steps of this flow" search={search} empty="No step is called so." onClose={onClose} onChoose={(item) => { onClose(); perform({ do: "connect", source: from, target: item.id }); }} />;
}

function Asked({ title, label, value, action, onDone, onClose }: { title: string; label: string; value: string; action: string; onDone: (value: string) => void; onClose: () => void }) {
  const [text, setText] = useState(value);
  const done = () => {
    if (text.trim() === "") return;
    onClose();
    onDone(text);
  };
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()} size="sm" title={title} footer={<><Button onClick={onClose}>Cancel</Button><Button look="primary" disabled={text.trim() === ""} onClick={done}>{action}</Button></>}>
      <Field label={label}>
        {/* oxlint-disable-next-line jsx-a11y/no-autofocus -- the dialog is there to type in */}
        {(tied) => <Input {...tied} autoFocus value={text} onChange={(event) => setText(event.target.value)} onFocus={(event) => event.target.select()} onKeyDown={(event) => event.key === "Enter" && done()} />}
      </Field>
    </Dialog>
  );
}

function Rename({ builder, which, onClose }: { builder: Builder; which: string; onClose: () => void }) {
  const node = builder.projection.nodes.find((one) => one.key === which);
  return <Asked title="Rename the step" label="Name" value={node?.title ?? ""} action="Rename" onClose={onClose} onDone={(title) => builder.perform({ do: "rename", key: which, title })} />;
}

/** Answers what a step of the run waits for. It closes when the step waits no more. */
function AnswerDialog({ builder: { waits, runId }, path, onClose }: { builder: Builder; path: string; onClose: () => void }) {
  const wait = waits.find((one) => one.path === path);
  const gone = wait === undefined || runId === undefined;
  useEffect(() => {
    if (gone) onClose();
  }, [gone, onClose]);
  if (gone) return null;
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()} size="md" title={wordsOf(wait)} description="The run goes on as soon as it is answered.">
      <Follow run={runId}>
        <Answer run={runId} wait={wait} />
      </Follow>
    </Dialog>
  );
}

function Extract({ builder, onClose }: { builder: Builder; onClose: () => void }) {
  return <Asked title="Take out into a sub-tree" label="Name of the sub-tree" value="part" action="Take out" onClose={onClose} onDone={(name) => builder.perform({ do: "extract", keys: stepsOf(builder), name })} />;
}

function InputDialog({ trials, onClose }: { trials: Trials; onClose: () => void }) {
  const [input, setInput] = useState<Json | undefined>(trials.input);
  const save = () => {
    trials.setInput(input ?? {});
    onClose();
  };
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()} size="md" title="Input of the run" description="It is kept for the next runs from here." footer={<><Button onClick={onClose}>Cancel</Button><Button look="primary" onClick={save}>Keep</Button></>}>
      <JsonField label="Input" value={input} onChange={setInput} />
    </Dialog>
  );
}

function ConvertDialog({ builder, onClose }: { builder: Builder; onClose: () => void }) {
  const { state, document: doc, draft } = builder;
  const [problem, setProblem] = useState<Failure>();
  const convert = async (to: string) => {
    setProblem(undefined);
    try {
      const { source } = await body(api.POST("/api/convert", { body: { source: state.text, to } }));
      const name = draft.flow.files[0]?.name ?? "";
      if (name.endsWith(".json") !== source.trimStart().startsWith("{") && name.endsWith(".json")) {
        await makeCopy(builder, to, source);
        return onClose();
      }
      doc.replace(source, { ...state.canvas, positions: {} }, Date.now());
      toast.done(`It is ${to === "organism" ? "an" : "a"} ${to} now`, { label: "Undo", onClick: () => doc.undo() });
      onClose();
    } catch (error) {
      setProblem(Failure.of(error));
    }
  };
  const details = (problem?.problem as { diagnostics?: { message: string }[] } | undefined)?.diagnostics ?? [];
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()} size="md" title="Convert to another dialect" description="The flow means the same afterwards. Comments do not come along; undo brings them back.">
      <ul className="flex flex-col gap-2">
        {DIALECTS.filter((one) => one.value !== state.projection.dialect).map(({ value, label, about, icon: Icon }) => (
          <li key={value}>
            <button type="button" className="flex w-full items-start gap-3 rounded-md border border-line-strong p-3 text-start hover:bg-hover" onClick={() => void convert(value)}>
              <Icon className="mt-0.5 size-4 text-muted" aria-hidden />
              <span><span className="block font-medium">{label}</span><span className="text-sm text-muted">{about}</span></span>
            </button>
          </li>
        ))}
      </ul>
      {problem ? (
        <div role="alert" className="mt-3 rounded-md bg-bad-soft p-3 text-bad-ink">
          <p className="font-medium">It cannot be written that way: {problem.message}</p>
          <ul className="mt-1 list-disc ps-5 text-sm">{details.map((one) => <li key={one.message}>{one.message}</li>)}</ul>
        </div>
      ) : null}
    </Dialog>
  );
}

/** A file that is called JSON cannot become YAML: then the converted flow is another flow beside it. */
async function makeCopy({ draft }: Builder, to: string, source: string): Promise<void> {
  const { project, service, name } = draft.flow;
  const made = await body(api.POST("/api/flows", { body: { project, service, name: `${name.slice(0, 40)}-${to}`, title: `${draft.flow.title || name} (${to})`, files: [{ name: source.trimStart().startsWith("{") ? "flow.json" : "flow.yaml", text: source }], bindings: draft.flow.bindings } }));
  toast.done(`${made.title || made.name} is made beside it`, { label: "Open", onClick: () => location.assign(`/flows/${made.id}`) });
}
