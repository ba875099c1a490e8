import { type FormEvent, useState } from "react";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Field, Input, Textarea } from "@/components/ui/input";
import { Moment } from "@/components/ui/moment";
import { Segments } from "@/components/ui/tabs";
import { toast } from "@/components/ui/toast";
import { Failure } from "@/lib/failure";
import { ConflictNote, FormError } from "../common/conflict";
import { type Holder, useSetVariable, type Variable, variableNow } from "./data";
import { formOf, type Form, read, short, written } from "./value";

/** Sets a variable. Flows set it as well, so what was seen goes along, and what has come since is shown. */
export function VariableDialog({ holder, variable, onClose }: { holder: Holder; variable: Variable | undefined; onClose: () => void }) {
  const [name, setName] = useState(variable?.name ?? "");
  const [form, setForm] = useState<Form>(variable ? formOf(variable.value) : "text");
  const [text, setText] = useState(variable ? written(variable.value) : "");
  const [theirs, setTheirs] = useState<Variable>();
  const [gone, setGone] = useState(false);
  const [tried, setTried] = useState(false);
  const set = useSetVariable(holder);
  const meant = read(form, text);
  const seen = gone ? undefined : (theirs ?? variable);
  const look = async () => {
    try {
      const there = await variableNow(holder, name.trim());
      setTheirs(there);
      setGone(!there);
    } catch (error) {
      toast.failed(error);
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if ("problem" in meant) return;
    const came = (error: unknown) => {
      if (wasChanged(error)) void look();
    };
    set.mutate({ name: name.trim(), value: meant.value, revision: seen?.revision }, { onSuccess: onClose, onError: came });
  };
  const takeTheirs = () => {
    if (!theirs) return;
    setForm(formOf(theirs.value));
    setText(written(theirs.value));
  };
  const failure = set.error ? Failure.of(set.error) : undefined;
  const ofName = failure?.code === "INVALID_NAME";
  const where = holder.service ? `the service ${holder.service} of ${holder.project}` : `the project ${holder.project}`;
  return (
    <Dialog open onOpenChange={onClose} stays title={variable ? variable.name : "New variable"} description={`Of ${where}.`}>
      <form onSubmit={submit} className="flex flex-col gap-4">
        {gone ? <p role="alert">It was deleted. What you wrote is still here, and makes it anew.</p> : null}
        {theirs ? (
          <ConflictNote onTakeTheirs={takeTheirs}>
            {variable ? "It was set anew" : "There is one of this name already; it was set"} <Moment at={theirs.changedAt} />, to <code className="font-mono">{short(theirs.value, 80)}</code>. What you wrote is still here.
          </ConflictNote>
        ) : null}
        {variable ? null : (
          <Field label="Name" error={ofName ? failure?.message : undefined}>
            {(tied) => (
              <Input {...tied} required maxLength={100} spellCheck={false} autoComplete="off" className="font-mono" placeholder="exchange_rate" value={name} onChange={(event) => { setName(event.target.value); setTheirs(undefined); setGone(false); }} />
            )}
          </Field>
        )}
        <div className="flex flex-col items-start gap-1.5">
          <Segments label="Kind of value" value={form} onChange={setForm} options={[{ value: "text", label: "Text" }, { value: "json", label: "Number, list, JSON" }]} />
        </div>
        <Field label="Value" error={tried && "problem" in meant ? meant.problem : undefined}>
          {(tied) => <Textarea {...tied} rows={form === "json" ? 8 : 3} spellCheck={false} className="font-mono text-sm" value={text} onChange={(event) => setText(event.target.value)} />}
        </Field>
        <FormError error={ofName || wasChanged(set.error) ? undefined : set.error} />
        <div className="flex justify-end gap-2 pt-1">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look={theirs ? "danger" : "primary"} busy={set.isPending} disabled={!name.trim()}>
            {theirs ? "Set mine over it" : "Set variable"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** Whether somebody, or a flow, has set it since it was shown, or made one of this name. */
function wasChanged(error: unknown): boolean {
  const code = error ? Failure.of(error).code : undefined;
  return code === "REVISION_CONFLICT" || code === "REVISION_NEEDED";
}
