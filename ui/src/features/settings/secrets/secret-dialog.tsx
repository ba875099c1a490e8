import { Eye, EyeOff } from "lucide-react";
import { type FormEvent, useState } from "react";
import { Button, IconButton } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Field, Input, Textarea } from "@/components/ui/input";
import { Moment } from "@/components/ui/moment";
import { cn } from "@/lib/cn";
import { Failure } from "@/lib/failure";
import { ConflictNote, FormError, isConflict } from "../common/conflict";
import { type Secret, secretNow, useSetSecret } from "./data";

/** A new secret, or a new value for one. Nothing that was typed is lost where somebody else was quicker. */
export function SecretDialog({ project, secret, onClose }: { project: string; secret: Secret | undefined; onClose: () => void }) {
  const [name, setName] = useState(secret?.name ?? "");
  const [description, setDescription] = useState(secret?.description ?? "");
  const [value, setValue] = useState("");
  const [theirs, setTheirs] = useState<Secret>();
  const [looking, setLooking] = useState(false);
  const set = useSetSecret();
  const base = theirs ?? secret;
  const save = async () => {
    const trimmed = name.trim();
    if (!base) {
      // The server writes over what has this name; whoever makes a new one does not mean to.
      setLooking(true);
      const there = await secretNow(project, trimmed);
      setLooking(false);
      if (there) return setTheirs(there);
    }
    set.mutate(
      { project, name: trimmed, value, description, ...(base ? { revision: base.revision } : {}) },
      { onSuccess: onClose, onError: async (error) => (isConflict(error) ? setTheirs(await secretNow(project, trimmed)) : undefined) },
    );
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void save();
  };
  const failure = set.error && !isConflict(set.error) ? Failure.of(set.error) : undefined;
  const ofName = failure?.code === "INVALID_NAME";
  return (
    <Dialog open onOpenChange={onClose} stays title={secret ? `New value for ${secret.name}` : "New secret"} description={secret ? "It takes the place of the old one; runs use it from their next request on." : `In the project ${project}.`}>
      <form onSubmit={submit} className="flex flex-col gap-4">
        {theirs ? (
          <ConflictNote>
            {secret ? "It was given a new value meanwhile" : "There is a secret of this name already; its value was set"} <Moment at={theirs.updatedAt} />. What you typed is still here: save it over that, or close this.
          </ConflictNote>
        ) : null}
        {secret ? null : (
          <Field label="Name" hint="Letters, digits, hyphens, underscores and dots" error={ofName ? failure?.message : undefined}>
            {(tied) => (
              <Input {...tied} required maxLength={100} spellCheck={false} autoComplete="off" className="font-mono" placeholder="crm-token" value={name} onChange={(event) => { setName(event.target.value); setTheirs(undefined); }} />
            )}
          </Field>
        )}
        <ValueField value={value} onChange={setValue} />
        <Field label="What it is for" hint="Everybody who may see secrets reads this">
          {(tied) => <Input {...tied} maxLength={1_000} autoComplete="off" value={description} onChange={(event) => setDescription(event.target.value)} />}
        </Field>
        <FormError error={ofName ? undefined : failure} />
        <div className="flex justify-end gap-2 pt-1">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look={theirs ? "danger" : "primary"} busy={set.isPending || looking} disabled={!name.trim() || !value}>
            {theirs ? "Save mine over it" : "Keep secret"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** Hidden while it is typed, unless one asks to see it; several lines are seen, as keys have them. */
function ValueField({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const [shown, setShown] = useState(false);
  const [lines, setLines] = useState(false);
  return (
    <Field label="Value" hint={lines ? "Every line of it counts, the last one’s end as well." : "Once kept, it is shown to nobody."}>
      {(tied) => (
        <div className="flex items-start gap-1">
          {lines ? (
            <Textarea {...tied} required rows={5} spellCheck={false} autoComplete="off" className={cn("font-mono", !shown && "[-webkit-text-security:disc]")} value={value} onChange={(event) => onChange(event.target.value)} />
          ) : (
            <Input {...tied} type={shown ? "text" : "password"} required autoComplete="new-password" spellCheck={false} className="font-mono" value={value} onChange={(event) => onChange(event.target.value)} />
          )}
          <IconButton label={shown ? "Hide what is typed" : "Show what is typed"} onClick={() => setShown(!shown)}>
            {shown ? <EyeOff aria-hidden /> : <Eye aria-hidden />}
          </IconButton>
          <Button look="quiet" aria-pressed={lines} onClick={() => setLines(!lines)}>
            {lines ? "One line" : "Several lines"}
          </Button>
        </div>
      )}
    </Field>
  );
}
