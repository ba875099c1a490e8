import { Play } from "lucide-react";
import { useEffect, useState } from "react";
import type { Language } from "@/components/code/code-editor";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { toast } from "@/components/ui/toast";
import type { Json } from "@/document";
import { useCommands } from "@/features/commands/commands";
import { DIALECTS } from "@/features/flows/dialect";
import { TakenList } from "@/features/flows/taken-list";
import { Follow } from "@/features/runs/live/follow";
import { Answer, wordsOf } from "@/features/runs/run/waiting";
import { api, body } from "@/lib/api";
import { Failure } from "@/lib/failure";
import type { Trials } from "./actions";
import { Asked } from "./asked";
import { aroundOf } from "./expression/place";
import { JsonField } from "./fields";
import { type Builder, type Over, stepsOf } from "./state";
import { SubFlow } from "./sub-flow";
import { Publish, Versions } from "./versions";

/** What lies over the page, but for the lists and fields that keys open. */
export default function Dialogs({ over, builder, trials, language, onClose }: { over: Over; builder: Builder; trials: Trials; language: Language; onClose: () => void }) {
  const { draft } = builder;
  switch (over.what) {
    case "answer":
      return <AnswerDialog builder={builder} path={over.path} onClose={onClose} />;
    case "extract":
      return builder.document.dialect.flowOf ? <SubFlow builder={builder} onClose={onClose} /> : <Extract builder={builder} onClose={onClose} />;
    case "taken":
      return <Dialog open onOpenChange={(open) => !open && onClose()} size="md" title="What came along from n8n" footer={<Button look="primary" onClick={onClose}>Look at it</Button>}><TakenList taken={over.taken} /></Dialog>;
    case "publish":
      return <Publish draft={draft} language={language} onClose={onClose} />;
    case "versions":
      return <Versions draft={draft} language={language} onClose={onClose} />;
    case "input":
      return <InputDialog builder={builder} trials={trials} onClose={onClose} />;
    case "convert":
      return <ConvertDialog builder={builder} onClose={onClose} />;
    default:
      return null;
  }
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

function InputDialog({ builder, trials, onClose }: { builder: Builder; trials: Trials; onClose: () => void }) {
  const [input, setInput] = useState<Json | undefined>(trials.input);
  const [wrong, setWrong] = useState(false);
  const keep = () => {
    trials.setInput(input ?? {});
    onClose();
  };
  const run = () => {
    if (wrong) return;
    keep();
    void trials.start({ input: input ?? {} });
  };
  // Over the keys of the page, which would run with what was kept before.
  useCommands("input", [{ id: "run-with", title: "Run with this input", section: "Run", keys: "Mod+Enter", always: true, run }]);
  const footer = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button disabled={wrong} onClick={keep}>Keep</Button>
      <Button look="primary" disabled={wrong} title="Ctrl+Enter" onClick={run}><Play aria-hidden />Run</Button>
    </>
  );
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()} size="md" title="Input of the run" description="It is kept for the next runs from here." footer={footer}>
      <JsonField label="Input" value={input} onChange={setInput} onWrong={setWrong} typed={{ around: aroundOf(builder), offset: 0, wanted: "typeof input" }} />
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
