import { type FormEvent, useId, useState } from "react";
import { Button } from "@/components/ui/button";
import { Sheet } from "@/components/ui/dialog";
import { Field, Textarea } from "@/components/ui/input";
import { Switch } from "@/components/ui/toggle";
import { ConflictNote, FormError, isConflict } from "../common/conflict";
import { type Project, projectNow, useChangeProject } from "./data";
import { Services } from "./services";

/** A project's description, settings and services. */
export function ProjectSheet({ project, may, onClose }: { project: Project; may: boolean; onClose: () => void }) {
  return (
    <Sheet open onOpenChange={onClose} title={project.name} description={may ? "Its name stays: flows and keys know it by that." : "Your role may look at it."}>
      <div className="flex flex-col gap-6">
        <Form project={project} may={may} onDone={onClose} />
        <Services project={project.name} may={may} />
      </div>
    </Sheet>
  );
}

function Form({ project, may, onDone }: { project: Project; may: boolean; onDone: () => void }) {
  const [description, setDescription] = useState(project.description);
  const [stop, setStop] = useState(project.settings.stopBeforeEdit ?? false);
  const [theirs, setTheirs] = useState<Project>();
  const change = useChangeProject();
  const stopId = useId();
  const base = theirs ?? project;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate(
      { name: project.name, revision: base.revision, description, settings: { ...base.settings, stopBeforeEdit: stop } },
      { onSuccess: onDone, onError: async (error) => (isConflict(error) ? setTheirs(await projectNow(project.name)) : undefined) },
    );
  };
  const takeTheirs = () => {
    setDescription(base.description);
    setStop(base.settings.stopBeforeEdit ?? false);
  };
  const changed = description !== base.description || stop !== (base.settings.stopBeforeEdit ?? false);
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      {theirs ? (
        <ConflictNote onTakeTheirs={takeTheirs}>
          Somebody else changed it meanwhile. It now reads “<bdi>{theirs.description || "no description"}</bdi>”, and {theirs.settings.stopBeforeEdit ? "only flows that are off are edited" : "flows are edited at any time"}. What you entered is still here.
        </ConflictNote>
      ) : null}
      <Field label="Description">{(tied) => <Textarea {...tied} rows={3} maxLength={1_000} readOnly={!may} value={description} onChange={(event) => setDescription(event.target.value)} />}</Field>
      <label htmlFor={stopId} className="flex items-start gap-3 text-base">
        <Switch id={stopId} checked={stop} disabled={!may} onCheckedChange={setStop} className="mt-0.5" />
        <span>
          <span className="block font-medium">Stop before edit</span>
          <span className="block text-sm text-muted">A flow that is switched on must be stopped before it is changed or published.</span>
        </span>
      </label>
      <FormError error={isConflict(change.error) ? undefined : change.error} />
      {may ? (
        <Button type="submit" look="primary" className="self-start" busy={change.isPending} disabled={!changed}>
          {theirs ? "Save mine over it" : "Save"}
        </Button>
      ) : null}
    </form>
  );
}
