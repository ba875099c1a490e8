import { useState } from "react";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Field, Input } from "@/components/ui/input";

/** Asks for one line of text. */
export function Asked({ title, label, value, action, onDone, onClose }: { title: string; label: string; value: string; action: string; onDone: (value: string) => void; onClose: () => void }) {
  const [text, setText] = useState(value);
  const done = () => {
    if (text.trim() === "") return;
    onClose();
    onDone(text);
  };
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()} size="sm" title={title} footer={<><Button onClick={onClose}>Cancel</Button><Button look="primary" disabled={text.trim() === ""} onClick={done}>{action}</Button></>}>
      <Field label={label}>
        {/* oxlint-disable-next-line jsx-a11y/no-autofocus -- the dialog is there to type in */}
        {(tied) => <Input {...tied} autoFocus value={text} onChange={(event) => setText(event.target.value)} onFocus={(event) => event.target.select()} onKeyDown={(event) => event.key === "Enter" && done()} />}
      </Field>
    </Dialog>
  );
}
