import { useQuery } from "@tanstack/react-query";
import { Plus, Trash2 } from "lucide-react";
import { Button, IconButton } from "@/components/ui/button";
import { Field, Input, Textarea } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { Checkbox } from "@/components/ui/toggle";
import { projectsQuery } from "@/features/shell/places";
import { servicesQuery } from "../common/project-choice";
import type { FieldsProps } from "./interface-sheet";
import type { Rule } from "./spec";

/** Variables that other projects may use. */
export function VariableFields(props: FieldsProps) {
  const { project, draft, disabled, onChange } = props;
  const { data } = useQuery(servicesQuery(project));
  const names = new Set([...(draft.service ? [draft.service] : []), ...(data?.items.map(({ name }) => name) ?? [])]);
  const services = [{ value: "", label: "Of the project" }, ...[...names].toSorted().map((name) => ({ value: name, label: `Of the service ${name}` }))];
  return (
    <>
      <Field label="Whose variables">{(tied) => <Select {...tied} disabled={disabled} value={draft.service} onChange={(service) => onChange({ service })} options={services} />}</Field>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="To be read" hint="Names, one a line">
          {(tied) => <Textarea {...tied} rows={4} dir="ltr" readOnly={disabled} spellCheck={false} className="font-mono text-sm" value={draft.read} onChange={(event) => onChange({ read: event.target.value })} />}
        </Field>
        <Field label="To be set" hint="Names, one a line">
          {(tied) => <Textarea {...tied} rows={4} dir="ltr" readOnly={disabled} spellCheck={false} className="font-mono text-sm" value={draft.write} onChange={(event) => onChange({ write: event.target.value })} />}
        </Field>
      </div>
      <Rules {...props} />
    </>
  );
}

function Rules({ project, draft, disabled, onChange }: FieldsProps) {
  const { allow } = draft;
  const change = (at: number, rule: Rule) => onChange({ allow: allow.map((one, index) => (index === at ? rule : one)) });
  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="mb-1 text-sm font-medium">Who may</legend>
      {allow.length === 0 ? <p className="text-sm text-muted">Nobody yet.</p> : null}
      {allow.map((rule, at) => (
        // Rules have no names; one is told from another by its place alone.
        // oxlint-disable-next-line react/no-array-index-key
        <RuleRow key={at} at={at} own={project} rule={rule} disabled={disabled} onChange={(next) => change(at, next)} onRemove={() => onChange({ allow: allow.filter((_rule, index) => index !== at) })} />
      ))}
      {disabled ? null : (
        <Button size="sm" className="self-start" onClick={() => onChange({ allow: [...allow, { project: "" }] })}>
          <Plus aria-hidden />
          Add a project
        </Button>
      )}
    </fieldset>
  );
}

interface RuleProps {
  at: number;
  /** The project whose variables they are; it needs no leave. */
  own: string;
  rule: Rule;
  disabled: boolean;
  onChange: (rule: Rule) => void;
  onRemove: () => void;
}

function RuleRow({ at, own, rule, disabled, onChange, onRemove }: RuleProps) {
  const { data } = useQuery(projectsQuery);
  const names = new Set([...(rule.project ? [rule.project] : []), ...(data?.items.map(({ name }) => name).filter((name) => name !== own) ?? [])]);
  const number = at + 1;
  const narrowed = (field: "service" | "flow", text: string) => {
    const { [field]: _before, ...rest } = rule;
    onChange(text ? { ...rest, [field]: text } : rest);
  };
  return (
    <div className="flex flex-wrap items-center gap-2 rounded-md border border-line p-2">
      <Select label={`Project ${number}`} disabled={disabled} placeholder="Project" className="min-w-32" value={rule.project} onChange={(project) => onChange({ ...rule, project })} options={[...names].toSorted().map((name) => ({ value: name, label: name }))} />
      <Input aria-label={`Only the service, project ${number}`} readOnly={disabled} placeholder="Any service" className="w-32" value={rule.service ?? ""} onChange={(event) => narrowed("service", event.target.value)} />
      <Input aria-label={`Only the flow, project ${number}`} readOnly={disabled} placeholder="Any flow" className="w-32" value={rule.flow ?? ""} onChange={(event) => narrowed("flow", event.target.value)} />
      <label htmlFor={`rule ${at}`} className="flex items-center gap-2 text-base">
        <Checkbox id={`rule ${at}`} disabled={disabled} checked={rule.readOnly ?? false} onCheckedChange={(on) => onChange({ ...rule, readOnly: on === true })} />
        Only read
      </label>
      {disabled ? null : (
        <IconButton label={`Remove project ${number}`} size="icon-sm" className="ms-auto" onClick={onRemove}>
          <Trash2 aria-hidden />
        </IconButton>
      )}
    </div>
  );
}
