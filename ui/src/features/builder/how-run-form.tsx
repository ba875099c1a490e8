import { useState } from "react";
import { isMap, type Json, type JsonMap, type Path } from "@/document";
import { type FormContext, RecordForm } from "./fields";
import { type HowRun, namesOf } from "./how-run";

export function HowRunForm({ how, context }: { how: HowRun; context: FormContext }) {
  const { fields, values, path, retry, onlyWithAny } = how;
  // An empty text means none of these.
  const set: FormContext["set"] = (at, value) => context.set(at, value === "" ? undefined : value);
  const setField: FormContext["set"] = (at, value) => {
    if (onlyWithAny && at.at(-1) === onlyWithAny.join && value !== "any") set([...path, onlyWithAny.cancelRest], undefined);
    return set(at, value);
  };
  const policy = retry && values[retry.name];
  // What is opened stays so while the last of it is taken out.
  const [open] = useState(() => namesOf(how).some((name) => values[name] !== undefined));
  return (
    <details open={open} className="rounded-md border border-line px-3 py-2">
      <summary className="text-sm font-medium">Time limit, retries and failures</summary>
      <div className="mt-3 flex flex-col gap-3">
        <RecordForm fields={fields} values={only(values, Object.keys(fields))} path={path} context={{ ...context, set: setField }} />
        {retry === undefined ? null : (
          <fieldset className="flex flex-col gap-3 border-t border-line pt-3">
            <legend className="float-left mb-2 w-full text-sm font-medium">Tried again after a failure</legend>
            {policy === undefined || isMap(policy) ? (
              <RecordForm fields={retry.fields} values={policy ?? {}} path={[...path, retry.name]} context={{ ...context, set: (at, value) => setPolicy(set, retry.fields, policy ?? {}, at, value) }} />
            ) : (
              <RecordForm fields={{ [retry.name]: { type: "any", description: "All attempts, the first included." } }} values={{ [retry.name]: policy }} path={path} context={{ ...context, set }} />
            )}
          </fieldset>
        )}
      </div>
    </details>
  );
}

const only = (values: JsonMap, names: readonly string[]): JsonMap => Object.fromEntries(Object.entries(values).filter(([name]) => names.includes(name)));

/** A policy that says nothing any more is not there. */
function setPolicy(set: FormContext["set"], fields: HowRun["fields"], policy: JsonMap, at: Path, value: Json | undefined): string | undefined {
  const name = String(at.at(-1));
  // A single code is text to every other field.
  if (fields[name]?.type === "array" && typeof value === "string" && value !== "") return 'Written as a list: ["TIMEOUT"], for example.';
  const last = Object.keys(policy).every((other) => other === name);
  return set(last && (value === undefined || value === "") ? at.slice(0, -1) : at, value);
}
