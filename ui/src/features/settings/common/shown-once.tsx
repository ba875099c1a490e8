import type { ReactNode } from "react";
import { Button } from "@/components/ui/button";
import { CopyButton } from "@/components/ui/copy";
import { Dialog } from "@/components/ui/dialog";

/** Something the server tells only now. It closes by its button alone, so that no stray click loses it. */
export function ShownOnce({ title, text, label, onClose, children }: { title: string; text: string; label: string; onClose: () => void; children: ReactNode }) {
  return (
    <Dialog
      open
      onOpenChange={onClose}
      stays
      title={title}
      footer={
        <Button look="primary" onClick={onClose}>
          I have kept it
        </Button>
      }
    >
      <p className="mb-3 text-base text-muted">{children}</p>
      <OnceText text={text} label={label} />
    </Dialog>
  );
}

/** A text that is to be copied, whole and in one piece. */
export function OnceText({ text, label }: { text: string; label: string }) {
  return (
    <div className="flex items-center gap-2 rounded-md border border-line-strong bg-sunken py-1 ps-3 pe-1">
      <output aria-label={label} className="min-w-0 flex-1 font-mono text-sm wrap-anywhere select-all" dir="ltr">
        {text}
      </output>
      <CopyButton text={text} label={`Copy: ${label}`} />
    </div>
  );
}
