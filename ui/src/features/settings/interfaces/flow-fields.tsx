import { useQuery } from "@tanstack/react-query";
import { ChevronRight } from "lucide-react";
import { Field, Input, Textarea } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { Segments } from "@/components/ui/tabs";
import { Checkbox } from "@/components/ui/toggle";
import { nameOf } from "@/features/flows/data";
import { api, body } from "@/lib/api";
import type { FieldsProps } from "./interface-sheet";
import { type Draft, METHODS } from "./spec";

const ANSWERS = [
  { value: "result", label: "With the run’s result" },
  { value: "atOnce", label: "As soon as the run is on disk" },
  { value: "stream", label: "With everything that happens, as it happens" },
];

/** A flow that is open at an address. */
export function FlowFields(props: FieldsProps) {
  const { draft, problems, disabled, onChange } = props;
  return (
    <>
      <FlowChoice {...props} />
      <Methods {...props} />
      <fieldset disabled={disabled} className="flex flex-col items-start gap-3">
        <legend className="mb-1 text-sm font-medium">Who is let in</legend>
        <Segments label="Who is let in" value={draft.auth} onChange={(auth) => onChange({ auth })} options={[{ value: "key", label: "With a key" }, { value: "jwt", label: "With a signed token" }, { value: "none", label: "Everybody" }]} />
        <p className="text-sm text-muted">{ABOUT[draft.auth]}</p>
        {draft.auth === "jwt" ? <Token {...props} /> : null}
      </fieldset>
      <div className="grid gap-4 sm:grid-cols-[1fr_9rem]">
        <Field label="Answered">{(tied) => <Select {...tied} disabled={disabled} value={draft.answer} onChange={(answer) => onChange({ answer: answer as Draft["answer"] })} options={ANSWERS} />}</Field>
        <Field label="Waits at most, s" error={problems.deadline}>
          {(tied) => <Input {...tied} inputMode="decimal" readOnly={disabled || draft.answer === "atOnce"} value={draft.deadline} onChange={(event) => onChange({ deadline: event.target.value })} />}
        </Field>
      </div>
      <Limits {...props} />
      <Shapes {...props} />
    </>
  );
}

const ABOUT: Record<Draft["auth"], string> = {
  key: "Whoever brings one of the interface’s keys. They are made in the list, once it is open.",
  jwt: "Whoever brings a token that is signed by the issuer.",
  none: "Everybody who knows the address. Set a limit of requests below.",
};

function FlowChoice({ project, draft, problems, disabled, onChange }: FieldsProps) {
  const { data } = useQuery({ queryKey: ["flows", "all", project], queryFn: () => body(api.GET("/api/flows", { params: { query: { project, limit: 200 } } })) });
  const flows = data?.items.map((flow) => ({ value: flow.id, label: <bdi>{nameOf(flow)}</bdi> })) ?? [];
  const options = draft.flow && !flows.some(({ value }) => value === draft.flow) ? [{ value: draft.flow, label: <code>{draft.flow}</code> }, ...flows] : flows;
  const hint = data && flows.length === 0 ? "This project has no flow yet." : "It must be switched on to answer.";
  return (
    <Field label="Flow" hint={hint} error={problems.flow}>
      {(tied) => <Select {...tied} disabled={disabled} placeholder="Choose a flow" value={draft.flow} onChange={(flow) => onChange({ flow })} options={options} />}
    </Field>
  );
}

function Methods({ draft, problems, disabled, onChange }: FieldsProps) {
  const { methods } = draft;
  return (
    <fieldset>
      <legend className="mb-1 text-sm font-medium">Methods</legend>
      <div className="flex flex-wrap gap-4">
        {METHODS.map((method) => (
          <label key={method} htmlFor={`method ${method}`} className="flex items-center gap-2 font-mono text-sm">
            <Checkbox id={`method ${method}`} disabled={disabled} checked={methods.includes(method)} onCheckedChange={(on) => onChange({ methods: METHODS.filter((one) => (one === method ? on === true : methods.includes(one))) })} />
            {method}
          </label>
        ))}
      </div>
      {problems.methods ? <p className="mt-1 text-sm text-bad-ink">{problems.methods}</p> : null}
    </fieldset>
  );
}

const TOKEN: { field: "jwksUrl" | "issuer" | "audience"; label: string; hint: string; placeholder: string }[] = [
  { field: "jwksUrl", label: "Keys of the issuer", hint: "Where its public keys are", placeholder: "https://id.example.org/.well-known/jwks.json" },
  { field: "issuer", label: "Issuer", hint: "As in the token’s iss", placeholder: "https://id.example.org" },
  { field: "audience", label: "Audience", hint: "As in the token’s aud", placeholder: "orders" },
];

function Token({ draft, problems, disabled, onChange }: FieldsProps) {
  return (
    <div className="flex w-full flex-col gap-3 rounded-md border border-line p-3">
      {TOKEN.map(({ field, label, hint, placeholder }) => (
        <Field key={field} label={label} hint={hint} error={problems[field]}>
          {(tied) => <Input {...tied} readOnly={disabled} spellCheck={false} placeholder={placeholder} value={draft[field]} onChange={(event) => onChange({ [field]: event.target.value })} />}
        </Field>
      ))}
      <Field label="Claims it must have" hint="One a line: name = value. In a list, or in words such as those of scope, the value must occur." error={problems.claims}>
        {(tied) => <Textarea {...tied} rows={2} readOnly={disabled} spellCheck={false} className="font-mono text-sm" placeholder="scope = orders.write" value={draft.claims} onChange={(event) => onChange({ claims: event.target.value })} />}
      </Field>
    </div>
  );
}

function Limits({ draft, problems, disabled, onChange }: FieldsProps) {
  const fields = [
    { field: "rate", label: "Requests a minute" },
    { field: "callerRate", label: "Of each caller" },
    { field: "largestBody", label: "Largest body, KiB" },
  ] as const;
  return (
    <div className="grid gap-4 sm:grid-cols-3">
      {fields.map(({ field, label }) => (
        <Field key={field} label={label} error={problems[field]}>
          {(tied) => <Input {...tied} inputMode="numeric" readOnly={disabled} placeholder="No limit of its own" value={draft[field]} onChange={(event) => onChange({ [field]: event.target.value })} />}
        </Field>
      ))}
    </div>
  );
}

function Shapes({ draft, problems, disabled, onChange }: FieldsProps) {
  const fields = [
    { field: "request", label: "Body", hint: "Others are refused with 422" },
    { field: "query", label: "Query", hint: "An object of texts" },
    { field: "response", label: "Answer", hint: "What is promised to callers" },
  ] as const;
  const wrong = fields.some(({ field }) => problems[field]);
  const used = fields.some(({ field }) => draft[field]);
  return (
    <details open={wrong || used || undefined} className="group rounded-md border border-line">
      <summary className="flex h-9 list-none items-center gap-1.5 rounded-md px-3 text-base font-medium hover:bg-hover">
        <ChevronRight className="size-3.5 transition-transform group-open:rotate-90 rtl:-scale-x-100" aria-hidden />
        Shapes of what comes and goes, as JSON Schema
      </summary>
      <div className="flex flex-col gap-4 border-t border-line p-3">
        {fields.map(({ field, label, hint }) => (
          <Field key={field} label={label} hint={hint} error={problems[field]}>
            {(tied) => <Textarea {...tied} rows={4} dir="ltr" readOnly={disabled} spellCheck={false} className="font-mono text-sm" placeholder='{"type": "object"}' value={draft[field]} onChange={(event) => onChange({ [field]: event.target.value })} />}
          </Field>
        ))}
      </div>
    </details>
  );
}
