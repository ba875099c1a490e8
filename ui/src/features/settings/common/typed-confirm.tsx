import { type FormEvent, type ReactNode, useId, useState } from "react";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Field, Input } from "@/components/ui/input";
import { Failure } from "@/lib/failure";

interface Props {
  title: string;
  /** What has to be typed: the name of what goes. */
  word: string;
  action: string;
  busy: boolean;
  error?: unknown;
  onConfirm: () => void;
  onClose: () => void;
  /** What goes, and what stays. */
  children: ReactNode;
}

/** Asks for a name before what bears it goes for good. Drawn only while it is asked. */
export function TypedConfirm({ title, word, action, busy, error, onConfirm, onClose, children }: Props) {
  const [typed, setTyped] = useState("");
  const form = useId();
  const right = typed.trim() === word;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (right) onConfirm();
  };
  const footer = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button type="submit" form={form} look="danger" busy={busy} disabled={!right}>
        {action}
      </Button>
    </>
  );
  return (
    <Dialog open onOpenChange={onClose} size="sm" title={title} footer={footer}>
      <form id={form} onSubmit={submit} className="flex flex-col gap-3">
        <div className="text-base text-muted wrap-anywhere">{children}</div>
        <Field
          label={
            <>
              Type <code className="font-mono wrap-anywhere">{word}</code> to confirm
            </>
          }
          error={error ? Failure.of(error).message : undefined}
        >
          {(tied) => <Input {...tied} autoComplete="off" spellCheck={false} value={typed} onChange={(event) => setTyped(event.target.value)} />}
        </Field>
      </form>
    </Dialog>
  );
}
