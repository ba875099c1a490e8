import { type FormEvent, useState } from "react";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Field, Input } from "@/components/ui/input";
import { Failure } from "@/lib/failure";
import { useCreateProject } from "./data";

export function NewProjectDialog({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const create = useCreateProject();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate({ name: name.trim(), description }, { onSuccess: onClose });
  };
  return (
    <Dialog open onOpenChange={onClose} title="New project">
      <form onSubmit={submit} className="flex flex-col gap-4">
        <Field label="Name" hint="Letters, digits, hyphens, underscores and dots; it stays" error={create.error ? Failure.of(create.error).message : undefined}>
          {(tied) => <Input {...tied} required maxLength={100} autoComplete="off" placeholder="billing" value={name} onChange={(event) => setName(event.target.value)} />}
        </Field>
        <Field label="Description">{(tied) => <Input {...tied} maxLength={1_000} value={description} onChange={(event) => setDescription(event.target.value)} />}</Field>
        <div className="flex justify-end gap-2 pt-1">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={create.isPending} disabled={!name.trim()}>
            Make project
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
