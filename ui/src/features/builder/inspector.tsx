import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Columns3, FastForward, FlaskConical, Pin, PinOff, X } from "lucide-react";
import { type ReactNode, useState } from "react";
import { Button, IconButton } from "@/components/ui/button";
import { Field, Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { RunState, runLook } from "@/components/ui/status";
import { Tab, TabList, TabPanel, Tabs } from "@/components/ui/tabs";
import { type Dialect, type FlowNode, isMap, type Json, type Projection } from "@/document";
import { kindQuery, kindsQuery } from "@/features/catalogue/data";
import type { RunLine } from "@/features/runs/data";
import { StepInput } from "@/features/runs/steps/detail";
import { Value } from "@/features/runs/steps/value";
import { turnsOf } from "@/features/runs/steps/tree";
import { cn } from "@/lib/cn";
import { moment } from "@/lib/time";
import type { Typed } from "./expression/json-sheet";
import { type FormContext, JsonField, RecordForm } from "./fields";
import type { Found } from "./use-check";
import { howRun, kindOf, namesOf } from "./how-run";
import { HowRunForm } from "./how-run-form";
import { part } from "./refs";
import { useKept } from "./state";
import type { Run, Step } from "./use-run";

interface InspectorProps {
  node: FlowNode;
  dialect: Dialect;
  projection: Projection;
  context: FormContext;
  problems: readonly Found[];
  /** Its steps in the run that is shown, the newest last. */
  steps: readonly Step[];
  run: Run | undefined;
  /** The newest runs of this flow. */
  runs: readonly RunLine[];
  onRun: (run: string) => void;
  pin: Json | undefined;
  mayRun: boolean;
  onPin: (value: Json | undefined) => void;
  onRename: (title: string) => void;
  onTest: (data: Json | undefined) => void;
  onRunTo: () => void;
  onRunFrom: (() => void) | undefined;
  testData: Json | undefined;
  onTestData: (data: Json | undefined) => void;
  onClose: () => void;
}

/** A step beside the drawing: what it is set to, and what it did in the run that is looked at. */
export default function Inspector(props: InspectorProps) {
  const { node } = props;
  const [wide, setWide] = useKept<boolean>("weir.builder.wide", false);
  return (
    <aside aria-label={`Step ${node.title}`} data-step data-wide={wide || undefined} className={cn("flex h-full shrink-0 flex-col border-s border-line bg-surface", wide ? "w-[min(70rem,62vw)]" : "w-88")}>
      <div className="flex items-center gap-2 border-b border-line px-3 py-2">
        <div className="min-w-0 flex-1">
          <h2 className="truncate font-semibold" dir="auto">{node.title}</h2>
          <p className="truncate text-sm text-muted">{[node.kind ?? node.type, node.id].join(" · ")}</p>
        </div>
        <IconButton label={wide ? "Show settings and data in turn" : "Show input, settings and output side by side"} size="icon-sm" aria-pressed={wide} onClick={() => setWide(!wide)}><Columns3 aria-hidden /></IconButton>
        <IconButton label="Close the step" shortcut="Escape" size="icon-sm" onClick={props.onClose}><X aria-hidden /></IconButton>
      </div>
      {wide ? <SideBySide {...props} /> : <InTurn {...props} />}
    </aside>
  );
}

function InTurn(props: InspectorProps) {
  return (
    <Tabs key={props.node.key} defaultValue="settings" className="flex min-h-0 flex-1 flex-col">
      <TabList className="px-3">
        <Tab value="settings">Settings</Tab>
        <Tab value="data">Last run</Tab>
      </TabList>
      <TabPanel value="settings" className="min-h-0 flex-1 overflow-auto p-3">
        <SettingsPane {...props} />
      </TabPanel>
      <TabPanel value="data" className="min-h-0 flex-1 overflow-auto p-3">
        <Data {...props} />
      </TabPanel>
    </Tabs>
  );
}

/** What went in, how it is set, and what came out. */
function SideBySide(props: InspectorProps) {
  const looked = useLooked(props);
  return (
    <div key={props.node.key} className="grid min-h-0 flex-1 grid-cols-3 divide-x divide-line">
      <Column title="Input">
        <Which {...props} looked={looked} />
        <Given {...props} looked={looked} />
      </Column>
      <Column title="Settings">
        <SettingsPane {...props} />
      </Column>
      <Column title="Output">
        <Came {...props} looked={looked} />
        <Trying {...props} />
      </Column>
    </div>
  );
}

function Column({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title} className="flex min-h-0 min-w-0 flex-col gap-4 overflow-auto p-3">
      <h3 className="text-sm font-semibold">{title}</h3>
      {children}
    </section>
  );
}

/** What is only advice does not look like a problem. */
const LOOKS = { error: "bg-bad-soft text-bad-ink", warning: "bg-warn-soft text-warn-ink", info: "bg-canvas text-muted" } as const;

function SettingsPane(props: InspectorProps) {
  const { node, problems, context } = props;
  return (
    <div>
      {problems.map((problem) => (
        <p key={`${problem.code} ${problem.message}`} className={`mb-2 rounded-md px-2.5 py-1.5 text-sm wrap-anywhere ${LOOKS[problem.severity]}`}>
          {problem.message}
        </p>
      ))}
      <Field label="Name" className="mb-3">
        {(tied) => <NameInput key={node.title} tied={tied} node={node} readOnly={context.readOnly} onRename={props.onRename} />}
      </Field>
      <Settings {...props} />
    </div>
  );
}

function NameInput({ tied, node, readOnly, onRename }: { tied: { id: string }; node: FlowNode; readOnly: boolean; onRename: (title: string) => void }) {
  const finish = (value: string) => value.trim() !== "" && value !== node.title && onRename(value);
  return <Input {...tied} data-step-name defaultValue={node.title} readOnly={readOnly} onBlur={(event) => finish(event.target.value)} onKeyDown={(event) => event.key === "Enter" && finish(event.currentTarget.value)} />;
}

function Settings({ node, projection, context }: InspectorProps) {
  const { data: kinds } = useQuery(kindsQuery);
  const kind = kindOf(node, projection, kinds?.items ?? []);
  const { data: record, isLoading } = useQuery({ ...kindQuery(kind ?? ""), enabled: kind !== undefined });
  if (kind && isLoading) return <p className="text-sm text-muted">Looking up its parameters…</p>;
  const fields = record?.input_schema ?? {};
  const whole = node.propsPath.length === 0;
  const how = howRun(node, projection, record);
  const elsewhere = [...(whole ? ["name"] : []), ...(projection.dialect === "tree" ? namesOf(how) : [])];
  return (
    <div className="flex flex-col gap-3">
      {record ? (
        <p className="text-sm text-muted">
          {record.component.summary}{" "}
          <Link to="/integrations/$kind" params={{ kind: record.component.name }} className="text-accent-ink underline underline-offset-2">More about it</Link>
        </p>
      ) : null}
      <RecordForm key={node.key} fields={fields} values={without(node.props, elsewhere)} path={node.propsPath} context={context} />
      {how ? <HowRunForm key={`how ${node.key}`} how={how} context={context} /> : null}
      {record || whole ? null : (
        <details>
          <summary className="text-sm text-muted">As JSON</summary>
          <JsonField key={`all ${node.key}`} label="All parameters" value={node.props} readOnly={context.readOnly} onChange={(value) => context.set(node.propsPath, value)} />
        </details>
      )}
    </div>
  );
}

function without(value: Json, keys: readonly string[]): Json {
  return isMap(value) ? Object.fromEntries(Object.entries(value).filter(([key]) => !keys.includes(key))) : value;
}

/** Which of the times that a step ran is looked at: the newest, until another is chosen. */
interface Looked {
  step: Step | undefined;
  choose: (path: string) => void;
}

function useLooked({ steps }: InspectorProps): Looked {
  const [path, setPath] = useState<string>();
  return { step: steps.find((one) => one.path === path) ?? steps[steps.length - 1], choose: setPath };
}

function Data(props: InspectorProps) {
  const looked = useLooked(props);
  return (
    <div className="flex flex-col gap-4">
      <Trying {...props} />
      <Which {...props} looked={looked} />
      <Given {...props} looked={looked} />
      <Came {...props} looked={looked} />
    </div>
  );
}

type LookedProps = InspectorProps & { looked: Looked };

/** The run that is looked at, and in a loop the time. */
function Which({ runs, run, onRun, steps, looked }: LookedProps) {
  const options = runs.map((one) => ({ value: one.run, label: `${moment(one.createdAt)} · ${runLook(one.status).label}` }));
  return (
    <div className="flex flex-col gap-2">
      {options.length > 0 ? <Select size="sm" label="Run" value={run?.run ?? ""} onChange={(value) => value && onRun(value)} options={run ? options : [{ value: "", label: "None is looked at" }, ...options]} className="w-full" /> : null}
      {steps.length > 1 ? (
        <Select size="sm" label="Time" value={looked.step?.path ?? ""} onChange={looked.choose} options={steps.map((step, at) => ({ value: step.path, label: `${at + 1} of ${steps.length} ${turnsOf(step.path)} · ${runLook(step.status).label}` }))} className="w-full" />
      ) : null}
    </div>
  );
}

/** What flowed into it. */
function Given({ run, looked: { step } }: LookedProps) {
  if (!run || !step || step.status === "pending" || step.status === "skipped") return null;
  return (
    <section className="flex flex-col gap-1.5">
      <h4 className="text-sm font-medium">What flowed in</h4>
      <div className="max-h-120 overflow-auto rounded-md border border-line">
        <StepInput run={run} step={step} dragged />
      </div>
    </section>
  );
}

function Trying(props: InspectorProps) {
  if (!props.mayRun) return null;
  return (
    <div className="flex flex-col gap-2">
      <JsonField label="Data for a test of this step" value={props.testData} onChange={props.onTestData} {...typedAs(props, "data")} />
      <div className="flex flex-wrap gap-2">
        <Button size="sm" onClick={() => props.onTest(props.testData)}><FlaskConical aria-hidden />Test this step</Button>
        <Button size="sm" onClick={props.onRunTo}>Run up to here</Button>
        {props.onRunFrom ? <Button size="sm" onClick={props.onRunFrom}><FastForward aria-hidden />Run from here</Button> : null}
      </div>
      <p className="text-sm text-muted">
        {props.onRunFrom ? "From here: steps before give again what they gave in the run that is looked at; this one and what follows do what they do, outside too. " : ""}
        Pinned steps give what is pinned and do nothing.
      </p>
    </div>
  );
}

/** The type a name has at this step. Only the steps of a graph have names. */
function typedAs({ projection, node, context: { around } }: InspectorProps, name: string): { typed?: Typed } {
  return projection.dialect === "graph" ? { typed: { around, offset: node.range[0], wanted: `typeof ${name}` } } : {};
}

/** What came of it, and what it is to give instead. */
function Came(props: LookedProps) {
  const { node, projection, pin, looked: { step } } = props;
  const expression = projection.dialect === "graph" ? `nodes${part(node.id)}.output` : undefined;
  return (
    <>
      {step ? <StepResult step={step} expression={expression} /> : <p className="text-sm text-muted">It has not run yet. Run the flow, or test this step alone.</p>}
      {pin === undefined && step && step.status === "succeeded" ? (
        <Button size="sm" className="self-start" onClick={() => props.onPin(step.output as Json)}><Pin aria-hidden />Pin this output</Button>
      ) : null}
      {pin === undefined ? null : (
        <div className="flex flex-col gap-2">
          <JsonField label="Pinned output: it gives this instead of running" value={pin} onChange={props.onPin} {...typedAs(props, `nodes[${JSON.stringify(node.id)}]["output"]`)} />
          <Button size="sm" className="self-start" onClick={() => props.onPin(undefined)}><PinOff aria-hidden />Unpin</Button>
        </div>
      )}
    </>
  );
}

function StepResult({ step, expression }: { step: Step; expression: string | undefined }) {
  return (
    <section className="flex flex-col gap-2">
      <div className="flex items-center gap-2 text-sm text-muted">
        <RunState state={step.status} />
        {step.attempts > 1 ? `${step.attempts} attempts` : ""}
      </div>
      {step.waiting ? <p className="text-sm">Waits for {step.waiting}.</p> : null}
      {step.error ? <p className="rounded-md bg-bad-soft px-2.5 py-1.5 text-sm text-bad-ink wrap-anywhere">{step.error.message}</p> : null}
      <h4 className="text-sm font-medium">What came out</h4>
      <div className="max-h-120 overflow-auto rounded-md border border-line">
        <Value value={step.output} name={expression ?? "output"} file={`output of ${step.title}`} empty={step.endedAt ? "It gave nothing." : "It has not ended yet."} />
      </div>
    </section>
  );
}
