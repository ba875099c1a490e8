import { ContextMenu } from "radix-ui";
import type { ComponentProps, ReactNode } from "react";
import { cn } from "@/lib/cn";
import { Kbd } from "./kbd";
import { row } from "./menu";

interface AtPointerProps extends Pick<ComponentProps<typeof ContextMenu.Trigger>, "onContextMenuCapture" | "onContextMenu" | "onPointerDown"> {
  label: string;
  /** Once it is asked for, before anything of it is drawn; and when it closes. */
  onOpenChange: (open: boolean) => void;
  /** When it has closed by what was chosen in it, or by Escape; then the focus is to go somewhere. */
  onCloseAutoFocus: (event: Event) => void;
  menu: ReactNode;
  children: ReactNode;
}

/** A menu at the pointer, for what is clicked with the other button: `children` is one element, which is clicked. */
export function AtPointer({ label, onOpenChange, onCloseAutoFocus, menu, children, ...clicked }: AtPointerProps) {
  return (
    <ContextMenu.Root modal={false} onOpenChange={onOpenChange}>
      <ContextMenu.Trigger asChild {...clicked}>{children}</ContextMenu.Trigger>
      <ContextMenu.Portal>
        <ContextMenu.Content
          aria-label={label}
          collisionPadding={8}
          onCloseAutoFocus={onCloseAutoFocus}
          // Where the menu key asks when it is let go, it has opened this menu already.
          onContextMenu={(event) => event.preventDefault()}
          className="z-60 max-h-(--radix-context-menu-content-available-height) min-w-52 max-w-80 animate-pop overflow-auto rounded-lg border border-line bg-raised p-1 shadow-pop"
        >
          {menu}
        </ContextMenu.Content>
      </ContextMenu.Portal>
    </ContextMenu.Root>
  );
}

export function AtPointerItem({ icon, shortcut, danger, className, children, ...rest }: ComponentProps<typeof ContextMenu.Item> & { icon?: ReactNode; shortcut?: string | undefined; danger?: boolean }) {
  return (
    <ContextMenu.Item {...rest} className={cn(row, danger && "text-bad-ink [&>svg]:text-bad-ink", className)}>
      {icon ?? <span className="w-3.5 shrink-0" />}
      <span className="min-w-0 flex-1 truncate">{children}</span>
      {shortcut ? <Kbd keys={shortcut} /> : null}
    </ContextMenu.Item>
  );
}

export function AtPointerLine() {
  return <ContextMenu.Separator className="-mx-1 my-1 h-px bg-line" />;
}
