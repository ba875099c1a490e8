import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { GitFork } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Field, Input, Textarea } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { Segments } from "@/components/ui/tabs";
import { toast } from "@/components/ui/toast";
import { api, body } from "@/lib/api";
import { Failure } from "@/lib/failure";
import { useSettled } from "@/lib/settled";
import { type Replayed, replayQuery, type Run } from "../data";
import type { JournalRecord } from "../live/happened";
import { eventWords } from "../run/event-words";
import { type Change, forkOf, NO_CHANGE } from "./change";

interface Props {
  run: Run;
  at: number;
  records: JournalRecord[];
  onClose: () => void;
}

/** A new run from an event of this one, with something done differently; it says first which steps it does again. */
export function ForkDialog({ run, at, records, onClose }: Props) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [change, setChange] = useState<Change>({ ...NO_CHANGE, event: eventText(records.find(({ seq }) => seq === at + 1)) });
  const made = forkOf(at, useSettled(change, 300), true);
  const now = forkOf(at, change, false);
  const rehearsed = useQuery({
    queryKey: ["run", run.run, "fork", made],
    enabled: "body" in made,
    retry: false,
    queryFn: () => body(api.POST("/api/runs/{run}/fork", { params: { path: { run: run.run } }, body: "body" in made ? made.body : { at } })),
  });
  const fork = useMutation({
    mutationFn: () => body(api.POST("/api/runs/{run}/fork", { params: { path: { run: run.run } }, body: "body" in now ? now.body : { at } })),
    onSuccess: (view) => {
      toast.done("The fork has begun");
      onClose();
      if (view.run) void navigate({ to: "/runs/$run", params: { run: view.run } });
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["runs"] }),
  });
  const put = (next: Partial<Change>) => setChange({ ...change, ...next });
  const wrong = "wrong" in now ? now.wrong : undefined;
  const footer = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button look="primary" busy={fork.isPending} disabled={wrong !== undefined || !rehearsed.isSuccess} onClick={() => fork.mutate()}>
        <GitFork aria-hidden />
        Start the fork
      </Button>
    </>
  );
  return (
    <Dialog open onOpenChange={(is) => !is && onClose()} size="lg" title={`Fork after event ${at}`} description="A new run goes on from here. This one stays as it is." footer={footer}>
      <div className="flex flex-col gap-4">
        <Segments
          label="What is different"
          value={change.sort}
          onChange={(sort) => put({ sort })}
          options={[
            { value: "nothing", label: "Nothing" },
            { value: "value", label: "A value" },
            { value: "event", label: "An event" },
            { value: "decision", label: "A decision" },
          ]}
        />
        <Edit run={run} at={at} change={change} records={records} wrong={wrong} onChange={put} />
        <Again wrong={wrong} error={rehearsed.error} again={rehearsed.data?.again} />
      </div>
    </Dialog>
  );
}

interface EditProps {
  run: Run;
  at: number;
  change: Change;
  records: JournalRecord[];
  wrong: string | undefined;
  onChange: (next: Partial<Change>) => void;
}

function Edit({ run, at, change, records, wrong, onChange }: EditProps) {
  const { data: state } = useQuery(replayQuery(run.run, at));
  if (change.sort === "value") return <ValueEdit change={change} values={valuesOf(state, records)} wrong={wrong} onChange={onChange} />;
  if (change.sort === "event") return <EventEdit at={at} change={change} records={records} wrong={wrong} onChange={onChange} />;
  if (change.sort === "decision") return <DecisionEdit change={change} state={state} wrong={wrong} onChange={onChange} />;
  return <p className="text-base text-muted">It goes on exactly as it was, and does the steps that follow once more.</p>;
}

/** The run's variables after that event and its input, as a fork can set them. */
function valuesOf(state: Replayed | undefined, records: JournalRecord[]): Record<string, unknown> {
  const begun = records.find(({ type }) => type === "started" || type === "forked")?.payload as { input?: unknown; state?: { input?: unknown } } | undefined;
  const members = (prefix: string, value: unknown) => (typeof value === "object" && value !== null ? Object.entries(value).map(([key, inner]) => [`${prefix}.${key}`, inner] as const) : []);
  return Object.fromEntries([...members("input", begun?.input ?? begun?.state?.input), ...members("vars", state?.variables)]);
}

type PartProps = Pick<EditProps, "change" | "wrong" | "onChange">;

function ValueEdit({ change, values, wrong, onChange }: PartProps & { values: Record<string, unknown> }) {
  return (
    <div className="grid grid-cols-[14rem_1fr] gap-3 max-md:grid-cols-1">
      <Field label="Value" hint="input.NAME or vars.NAME">
        {(tied) => (
          <>
            <Input
              {...tied}
              list="fork-values"
              value={change.name}
              onChange={(event) => {
                const name = event.target.value;
                onChange(Object.hasOwn(values, name) ? { name, value: JSON.stringify(values[name], null, 2) } : { name });
              }}
            />
            <datalist id="fork-values">
              {Object.keys(values).map((name) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
            </datalist>
          </>
        )}
      </Field>
      <Field label="Is then, as JSON" error={wrong}>
        {(tied) => <Textarea {...tied} rows={5} spellCheck={false} value={change.value} onChange={(event) => onChange({ value: event.target.value })} className="font-mono text-sm" />}
      </Field>
    </div>
  );
}

function eventText(record: JournalRecord | undefined): string {
  if (!record) return JSON.stringify({ type: "signal", name: "", payload: null }, null, 2);
  const { startedAt: _began, paramsHash: _asked, ...payload } = (record.payload ?? {}) as Record<string, unknown>;
  return JSON.stringify({ type: record.type, ...(record.path ? { path: record.path } : {}), ...payload }, null, 2);
}

/** How many of the events that follow are offered; others can be written. */
const OFFERED = 30;

function EventEdit({ at, change, records, wrong, onChange }: PartProps & { at: number; records: JournalRecord[] }) {
  const next = records.filter(({ seq }) => seq > at).slice(0, OFFERED);
  const options = [...next.map((record) => ({ value: String(record.seq), label: `As event ${record.seq}: ${eventWords(record)}` })), { value: "", label: "A signal" }];
  const [from, setFrom] = useState(next[0] ? String(next[0].seq) : "");
  return (
    <div className="flex flex-col gap-3">
      <Select
        label="Begin with"
        value={from}
        options={options}
        onChange={(seq) => {
          setFrom(seq);
          onChange({ event: eventText(records.find((record) => String(record.seq) === seq)) });
        }}
      />
      <Field label="What happens, as the journal has it" error={wrong} hint="It happens at once, in place of what happened then.">
        {(tied) => <Textarea {...tied} rows={9} spellCheck={false} value={change.event} onChange={(event) => onChange({ event: event.target.value })} className="font-mono text-sm" />}
      </Field>
    </div>
  );
}

function DecisionEdit({ change, state, wrong, onChange }: PartProps & { state: Replayed | undefined }) {
  const open = (state?.steps ?? []).filter((step) => !step.region && !step.endedAt && step.status !== "skipped");
  const options = open.map((step) => ({ value: step.path, label: `${step.title} (${step.path})` }));
  if (options.length === 0) return <p className="text-base text-muted">After this event no step is open that could be decided about. Go back to an earlier one.</p>;
  return (
    <div className="flex flex-col gap-3">
      <Field label="Step">{(tied) => <Select {...tied} value={change.step} placeholder="Choose a step" options={options} onChange={(step) => onChange({ step })} />}</Field>
      <Segments
        label="How it ended"
        value={change.ended}
        onChange={(ended) => onChange({ ended })}
        options={[
          { value: "output", label: "It succeeded" },
          { value: "error", label: "It failed" },
        ]}
      />
      {change.ended === "output" ? (
        <Field label="With this output, as JSON" error={wrong}>
          {(tied) => <Textarea {...tied} rows={5} spellCheck={false} value={change.output} onChange={(event) => onChange({ output: event.target.value })} className="font-mono text-sm" />}
        </Field>
      ) : (
        <div className="grid grid-cols-[12rem_1fr] gap-3 max-md:grid-cols-1">
          <Field label="Code" error={wrong}>
            {(tied) => <Input {...tied} value={change.code} onChange={(event) => onChange({ code: event.target.value })} className="font-mono" />}
          </Field>
          <Field label="Message">{(tied) => <Input {...tied} value={change.message} onChange={(event) => onChange({ message: event.target.value })} />}</Field>
        </div>
      )}
    </div>
  );
}

function Again({ wrong, error, again }: { wrong: string | undefined; error: Error | null; again: string[] | undefined }) {
  return (
    <section aria-label="Before it starts" aria-live="polite" className="rounded-md border border-line bg-sunken px-3 py-2 text-base">
      <h3 className="text-sm font-semibold">Before it starts</h3>
      {wrong ? <p className="text-muted">Once what is entered above can be used, this says which steps run again.</p> : null}
      {!wrong && error ? (
        <p role="alert" className="text-bad-ink wrap-anywhere">
          {Failure.of(error).message}
        </p>
      ) : null}
      {!wrong && !error && !again ? <p className="text-muted">Working out which steps run again…</p> : null}
      {!wrong && again ? <Steps again={again} /> : null}
    </section>
  );
}

function Steps({ again }: { again: string[] }) {
  if (again.length === 0) return <p>No step is under way at this point, so none is done again. The steps that follow are done by the fork, and call what they call.</p>;
  return (
    <>
      <p>{again.length === 1 ? "This step had no result yet and is done again" : `These ${again.length} steps had no result yet and are done again`}, calling what they call outside; those that follow are done by the fork too.</p>
      <ul className="mt-1 max-h-32 overflow-auto font-mono text-sm">
        {again.map((path) => (
          <li key={path}>{path}</li>
        ))}
      </ul>
    </>
  );
}
