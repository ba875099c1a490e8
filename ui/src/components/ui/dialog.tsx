import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { cn } from "@/lib/cn";
import { Button } from "./button";

interface DialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: ReactNode;
  description?: ReactNode;
  /** Buttons, from the least to the most wanted. */
  footer?: ReactNode;
  size?: "sm" | "md" | "lg" | "xl";
  /** Not closed by a click beside it: what it shows, or what was entered, would be lost. */
  stays?: boolean;
  /** Before Escape closes it: what has to be closed first may prevent that. */
  onEscape?: (event: KeyboardEvent) => void;
  children?: ReactNode;
}

const keepOpen = (event: Event) => event.preventDefault();

const WIDTHS = { sm: "max-w-100", md: "max-w-140", lg: "max-w-190", xl: "max-w-260" };

export function Dialog({ open, onOpenChange, title, description, footer, size = "md", stays = false, children }: DialogProps) {
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-50 animate-fade bg-scrim" />
        <Radix.Content
          {...(description ? {} : { "aria-describedby": undefined })}
          onOpenAutoFocus={toFirstField}
          {...(stays ? { onInteractOutside: keepOpen } : {})}
          className={cn(
            "fixed start-1/2 top-[12vh] z-50 flex max-h-[76vh] w-[calc(100%-2rem)] -translate-x-1/2 animate-fade flex-col rounded-xl border border-line outline-none bg-raised shadow-sheet rtl:translate-x-1/2",
            WIDTHS[size],
          )}
        >
          <Head title={title} description={description} />
          <div className="min-h-0 flex-1 overflow-auto px-5 pb-4">{children}</div>
          {footer ? <div className="flex justify-end gap-2 border-t border-line px-5 py-3">{footer}</div> : null}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/** The same from the side, for what is looked at beside the page. */
export function Sheet({ open, onOpenChange, title, description, footer, size = "md", stays = false, onEscape, children }: DialogProps) {
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-50 animate-fade bg-scrim" />
        <Radix.Content
          {...(description ? {} : { "aria-describedby": undefined })}
          onOpenAutoFocus={toFirstField}
          {...(stays ? { onInteractOutside: keepOpen } : {})}
          {...(onEscape ? { onEscapeKeyDown: onEscape } : {})}
          className={cn(
            "fixed inset-y-0 end-0 z-50 flex w-full animate-slide flex-col border-s border-line outline-none bg-raised shadow-sheet",
            WIDTHS[size],
          )}
        >
          <Head title={title} description={description} />
          <div className="min-h-0 flex-1 overflow-auto px-5 pb-5">{children}</div>
          {footer ? <div className="flex justify-end gap-2 border-t border-line px-5 py-3">{footer}</div> : null}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/** To where one begins to type; without a field, to the dialog itself, so that it is read from its title on. */
function toFirstField(event: Event): void {
  const dialog = event.currentTarget as HTMLElement | null;
  const field = dialog?.querySelector<HTMLElement>("input:is([type=text],[type=password],[type=search],:not([type])):not([readonly]), textarea");
  event.preventDefault();
  (field ?? dialog)?.focus();
}

function Head({ title, description }: { title: ReactNode; description: ReactNode }) {
  return (
    <div className="flex items-start gap-3 px-5 pt-4 pb-3">
      <div className="min-w-0 flex-1">
        <Radix.Title className="text-lg font-semibold wrap-anywhere" dir="auto">
          {title}
        </Radix.Title>
        {description ? (
          <Radix.Description className="mt-0.5 text-base text-muted wrap-anywhere">{description}</Radix.Description>
        ) : null}
      </div>
      <Radix.Close asChild>
        <Button look="quiet" size="icon-sm" aria-label="Close">
          <X aria-hidden />
        </Button>
      </Radix.Close>
    </div>
  );
}

interface ConfirmProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: ReactNode;
  /** What will happen, and what can bring it back. */
  children: ReactNode;
  action: string;
  busy?: boolean;
  danger?: boolean;
  onConfirm: () => void;
}

/** Asks before something that cannot be taken back at once. */
export function Confirm({ open, onOpenChange, title, children, action, busy = false, danger = true, onConfirm }: ConfirmProps) {
  const footer = (
    <>
      <Button onClick={() => onOpenChange(false)}>Cancel</Button>
      <Button look={danger ? "danger" : "primary"} busy={busy} onClick={onConfirm}>
        {action}
      </Button>
    </>
  );
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={title} size="sm" footer={footer}>
      <div className="text-base text-muted wrap-anywhere">{children}</div>
    </Dialog>
  );
}
