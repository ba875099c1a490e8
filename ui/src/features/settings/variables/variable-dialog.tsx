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

/** Sets a variable. Flows set it as well, so it is looked at once more before it is written over. */
export function VariableDialog({ holder, variable, onClose }: { holder: Holder; variable: Variable | undefined; onClose: () => void }) {
  const [name, setName] = useState(variable?.name ?? "");
  const [form, setForm] = useState<Form>(variable ? formOf(variable.value) : "text");
  const [text, setText] = useState(variable ? written(variable.value) : "");
  const [theirs, setTheirs] = useState<Variable>();
  const [tried, setTried] = useState(false);
  const [looking, setLooking] = useState(false);
  const set = useSetVariable(holder);
  const meant = read(form, text);
  const seen = theirs ?? variable;
  const save = async () => {
    setTried(true);
    if ("problem" in meant) return;
    setLooking(true);
    try {
      const there = await variableNow(holder, name.trim());
      if (there && there.changedAt !== seen?.changedAt) return setTheirs(there);
    } catch (error) {
      const failure = Failure.of(error);
      if (failure.kind !== "invalid") return toast.failed(error);
    } finally {
      setLooking(false);
    }
    set.mutate({ name: name.trim(), value: meant.value }, { onSuccess: onClose });
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void save();
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
        {theirs ? (
          <ConflictNote onTakeTheirs={takeTheirs}>
            {variable ? "It was set anew" : "There is one of this name already; it was set"} <Moment at={theirs.changedAt} />, to <code className="font-mono">{short(theirs.value, 80)}</code>. What you wrote is still here.
          </ConflictNote>
        ) : null}
        {variable ? null : (
          <Field label="Name" error={ofName ? failure?.message : undefined}>
            {(tied) => (
              <Input {...tied} required maxLength={100} spellCheck={false} autoComplete="off" className="font-mono" placeholder="exchange_rate" value={name} onChange={(event) => { setName(event.target.value); setTheirs(undefined); }} />
            )}
          </Field>
        )}
        <div className="flex flex-col items-start gap-1.5">
          <Segments label="Kind of value" value={form} onChange={setForm} options={[{ value: "text", label: "Text" }, { value: "json", label: "Number, list, JSON" }]} />
        </div>
        <Field label="Value" error={tried && "problem" in meant ? meant.problem : undefined}>
          {(tied) => <Textarea {...tied} rows={form === "json" ? 8 : 3} spellCheck={false} className="font-mono text-sm" value={text} onChange={(event) => setText(event.target.value)} />}
        </Field>
        <FormError error={ofName ? undefined : set.error} />
        <div className="flex justify-end gap-2 pt-1">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look={theirs ? "danger" : "primary"} busy={set.isPending || looking} disabled={!name.trim()}>
            {theirs ? "Set mine over it" : "Set variable"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
