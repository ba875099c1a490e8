import { type FormEvent, useId, useState } from "react";
import { Button } from "@/components/ui/button";
import { Sheet } from "@/components/ui/dialog";
import { Field, Input } from "@/components/ui/input";
import { Segments } from "@/components/ui/tabs";
import { Failure } from "@/lib/failure";
import { ConflictNote, FormError, isConflict } from "../common/conflict";
import { type Interface, interfaceNow, useChangeInterface, useCreateInterface } from "./data";
import { FlowFields } from "./flow-fields";
import { type Draft, draftOf, EMPTY, type Problems, specOf } from "./spec";
import { VariableFields } from "./variable-fields";

export interface FieldsProps {
  project: string;
  draft: Draft;
  problems: Problems;
  disabled: boolean;
  onChange: (change: Partial<Draft>) => void;
}

/** An interface as it is set, to be looked at or changed. */
export function InterfaceSheet({ project, one, may, onClose }: { project: string; one: Interface | undefined; may: boolean; onClose: () => void }) {
  const [name, setName] = useState(one?.name ?? "");
  const [description, setDescription] = useState(one?.description ?? "");
  const [draft, setDraft] = useState<Draft>(one ? draftOf(one.type, one.settings) : EMPTY);
  const [problems, setProblems] = useState<Problems>({});
  const [theirs, setTheirs] = useState<Interface>();
  const create = useCreateInterface(project);
  const change = useChangeInterface();
  const form = useId();
  const base = theirs ?? one;
  const edit = (part: Partial<Draft>) => {
    setDraft((before) => ({ ...before, ...part }));
    setProblems((before) => Object.fromEntries(Object.entries(before).filter(([field]) => !(field in part))));
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const read = specOf(draft);
    if ("problems" in read) return setProblems(read.problems);
    if (!base) return create.mutate({ name: name.trim(), description, spec: read.spec }, { onSuccess: onClose });
    change.mutate(
      { one: base, patch: { description, spec: read.spec } },
      { onSuccess: onClose, onError: async (error) => (isConflict(error) ? setTheirs(await interfaceNow(base)) : undefined) },
    );
  };
  const takeTheirs = () => {
    if (!theirs) return;
    setDescription(theirs.description);
    setDraft(draftOf(theirs.type, theirs.settings));
    setProblems({});
  };
  const error = create.error ?? (isConflict(change.error) ? undefined : change.error);
  const code = error ? Failure.of(error).code : undefined;
  const ofName = code === "INVALID_NAME" || code === "NAME_TAKEN";
  const footer = may ? (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button type="submit" form={form} look="primary" busy={create.isPending || change.isPending} disabled={!name.trim()}>
        {theirs ? "Save mine over it" : one ? "Save" : "Open it"}
      </Button>
    </>
  ) : undefined;
  const Fields = draft.type === "flow" ? FlowFields : VariableFields;
  return (
    <Sheet open onOpenChange={onClose} stays size="lg" title={one ? one.name : "New interface"} description={one ? (one.type === "flow" ? "Its name, and so its address, stays; so do its keys." : "Its name stays.") : `Of the project ${project}.`} {...(footer ? { footer } : {})}>
      <form id={form} onSubmit={submit} className="flex flex-col gap-5">
        {theirs ? <ConflictNote onTakeTheirs={takeTheirs}>Somebody else changed it meanwhile. What you entered is still here.</ConflictNote> : null}
        {one ? null : (
          <>
            <Segments label="What it opens" value={draft.type} onChange={(type) => edit({ type })} options={[{ value: "flow", label: "A flow, at an address" }, { value: "variables", label: "Variables, to other projects" }]} />
            <Field label="Name" hint={draft.type === "flow" ? "The end of its address" : "What other projects call it"} error={ofName ? Failure.of(error).message : undefined}>
              {(tied) => <Input {...tied} required maxLength={100} autoComplete="off" spellCheck={false} className="font-mono" placeholder="orders" value={name} onChange={(event) => setName(event.target.value)} />}
            </Field>
          </>
        )}
        <Field label="Description">{(tied) => <Input {...tied} maxLength={1_000} readOnly={!may} value={description} onChange={(event) => setDescription(event.target.value)} />}</Field>
        <Fields project={project} draft={draft} problems={problems} disabled={!may} onChange={edit} />
        <FormError error={ofName ? undefined : error} />
      </form>
    </Sheet>
  );
}
