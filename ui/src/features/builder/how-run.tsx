import { useState } from "react";
import { type FlowNode, isMap, type Json, type Path, type Projection } from "@/document";
import type { FieldRecord, KindRecord } from "@/features/catalogue/data";
import { type FormContext, RecordForm } from "./fields";

const TIMEOUT: FieldRecord = { type: "string", description: "How long one attempt may take, such as 30s or 5m." };
const ON_ERROR: FieldRecord = { type: "string", values: ["fail", "continue"], default: "fail", description: "Whether the run goes on with null where it fails and has no edge for that." };
const ON_UNKNOWN: FieldRecord = { type: "string", values: ["retry", "ask", "fail"], description: "What is done where nobody knows whether it has happened, as after a crash." };
const OUTPUT_KEY: FieldRecord = { type: "string", description: "A variable that takes its output." };
const JOIN: FieldRecord = { type: "string", values: ["all", "any"], default: "all", description: "Whether it waits for all that leads to it, or for the first." };
const CANCEL_REST: FieldRecord = { type: "boolean", description: "With any: cancels what is still on its way." };

const RETRY: Record<string, FieldRecord> = {
  strategy: { type: "string", values: ["none", "fail-after-x", "exponential-backoff", "keep-trying"], default: "exponential-backoff", description: "How it is tried again." },
  maxAttempts: { type: "integer", description: "All attempts, the first included." },
  initialInterval: { type: "string", description: "The pause before the second attempt, such as 500ms." },
  maxInterval: { type: "string", description: "The longest pause." },
  backoffCoefficient: { type: "number", description: "By how much each pause is longer than the one before." },
  jitter: { type: "number", description: "A share of each pause that is left to chance, from 0 to 1." },
  retryOn: { type: "array", description: "Codes or categories of errors; without it, all that may pass." },
};

/** Time limit, retries and failures of a step, beside what it is to do. */
export interface HowRun {
  fields: Record<string, FieldRecord>;
  values: { [key: string]: Json };
  path: Path;
  /** What the retry policy is called there; nothing where there is none. */
  retry: string | undefined;
}

/** What can be said of how a step is run, where its dialect and type know of it. */
export function howRun(node: FlowNode, projection: Projection, record: KindRecord | undefined): HowRun | undefined {
  if (projection.dialect === "tree") return record ? ofTree(node, record) : undefined;
  return projection.dialect === "graph" ? ofGraph(node, projection, record) : undefined;
}

function ofGraph(node: FlowNode, { edges }: Projection, record: KindRecord | undefined): HowRun | undefined {
  const task = record !== undefined || node.kind !== undefined;
  const called = node.type === "agent" || node.type === "child-workflow";
  const joins = edges.filter(({ target }) => target === node.key).length > 1;
  const fields: Record<string, FieldRecord> = {
    ...(task || called ? { timeout: TIMEOUT } : {}),
    ...(node.handles.includes("error") ? { onError: ON_ERROR } : {}),
    ...(task ? { onUnknown: ON_UNKNOWN } : {}),
    ...(task || called ? { outputKey: OUTPUT_KEY } : {}),
    ...(joins && node.type !== "loop" ? { join: JOIN, cancelRest: CANCEL_REST } : {}),
  };
  const found = { fields, values: node.data ?? {}, path: ["data"], retry: task || called ? "retryPolicy" : undefined };
  return Object.keys(fields).length > 0 ? found : undefined;
}

/** A kind's own parameters come before what is said of how it is run. */
function ofTree(node: FlowNode, { input_schema: own = {} }: KindRecord): HowRun | undefined {
  const fields = Object.fromEntries(Object.entries({ timeout: TIMEOUT, outputKey: OUTPUT_KEY, onUnknown: ON_UNKNOWN }).filter(([name]) => !(name in own)));
  const values = isMap(node.props) ? node.props : {};
  const retry = ["retryPolicy", "retry"].filter((name) => !(name in own));
  return { fields, values, path: ["props"], retry: retry.find((name) => name in values) ?? retry.at(-1) };
}

/** Names that stand among a step's parameters and are shown here. */
export const namesOf = (how: HowRun | undefined): string[] => (how ? [...Object.keys(how.fields), ...(how.retry === undefined ? [] : [how.retry])] : []);

export function HowRunForm({ how, context }: { how: HowRun; context: FormContext }) {
  const { fields, values, path, retry } = how;
  // An empty text means none of these.
  const set: FormContext["set"] = (at, value) => context.set(at, value === "" ? undefined : value);
  const policy = retry === undefined ? undefined : values[retry];
  // What is opened stays so while the last of it is taken out.
  const [open] = useState(() => namesOf(how).some((name) => values[name] !== undefined));
  return (
    <details open={open} className="rounded-md border border-line px-3 py-2">
      <summary className="text-sm font-medium">Time limit, retries and failures</summary>
      <div className="mt-3 flex flex-col gap-3">
        <RecordForm fields={fields} values={only(values, Object.keys(fields))} path={path} context={{ ...context, set }} />
        {retry === undefined ? null : (
          <fieldset className="flex flex-col gap-3 border-t border-line pt-3">
            <legend className="float-left mb-2 w-full text-sm font-medium">Tried again after a failure</legend>
            {policy === undefined || isMap(policy) ? (
              <RecordForm fields={RETRY} values={policy ?? {}} path={[...path, retry]} context={{ ...context, set: (at, value) => setPolicy(set, [...path, retry], policy ?? {}, at, value) }} />
            ) : (
              <RecordForm fields={{ [retry]: { type: "any", description: "All attempts, the first included." } }} values={{ [retry]: policy }} path={path} context={context} />
            )}
          </fieldset>
        )}
      </div>
    </details>
  );
}

const only = (values: { [key: string]: Json }, names: readonly string[]): { [key: string]: Json } => Object.fromEntries(Object.entries(values).filter(([name]) => names.includes(name)));

/** A policy that says nothing any more is not there. */
function setPolicy(set: FormContext["set"], path: Path, policy: { [key: string]: Json }, at: Path, value: Json | undefined): void {
  const name = String(at.at(-1));
  const others = Object.keys(policy).some((other) => other !== name);
  if (others || name in policy) set(others || (value !== undefined && value !== "") ? at : path, value);
  else if (value !== undefined && value !== "") set(path, { [name]: value });
}
