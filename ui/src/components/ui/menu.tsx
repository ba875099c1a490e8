import { Check, ChevronRight } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import type { ComponentProps, ReactNode } from "react";
import { cn } from "@/lib/cn";
import { Kbd } from "./kbd";

const panel =
  "z-60 max-h-[min(28rem,var(--radix-dropdown-menu-content-available-height,28rem))] min-w-44 max-w-80 animate-pop overflow-auto rounded-lg border border-line bg-raised p-1 shadow-pop";
export const row =
  "relative flex min-h-7 cursor-default select-none items-center gap-2 rounded-sm px-2 py-1 text-base text-ink outline-none data-disabled:opacity-50 data-highlighted:bg-hover [&_svg]:size-3.5 [&_svg]:shrink-0 [&>svg]:text-muted";

/** A menu that a button opens: `<Menu trigger={<Button/>}>…</Menu>`. */
export function Menu({
  trigger,
  align = "start",
  side = "bottom",
  children,
}: {
  trigger: ReactNode;
  align?: "start" | "center" | "end";
  side?: "top" | "bottom" | "left" | "right";
  children: ReactNode;
}) {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content align={align} side={side} sideOffset={4} collisionPadding={8} className={panel}>
          {children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

interface ItemProps extends ComponentProps<typeof DropdownMenu.Item> {
  icon?: ReactNode;
  shortcut?: string;
  danger?: boolean;
  /** Shows which of several is the one. */
  chosen?: boolean;
}

export function MenuItem({ icon, shortcut, danger, chosen, className, children, ...rest }: ItemProps) {
  return (
    <DropdownMenu.Item {...rest} className={cn(row, danger && "text-bad-ink [&>svg]:text-bad-ink", className)}>
      {rest.asChild ? (
        children
      ) : (
        <>
          {icon}
          <span className="min-w-0 flex-1 truncate">{children}</span>
          {shortcut ? <Kbd keys={shortcut} /> : null}
          {chosen ? <Check className="text-accent-ink!" aria-label="chosen" /> : null}
        </>
      )}
    </DropdownMenu.Item>
  );
}

export function MenuLabel({ children }: { children: ReactNode }) {
  return <DropdownMenu.Label className="px-2 pt-1.5 pb-1 text-xs font-medium text-muted">{children}</DropdownMenu.Label>;
}

export function MenuLine() {
  return <DropdownMenu.Separator className="-mx-1 my-1 h-px bg-line" />;
}

export function MenuSub({ label, icon, children }: { label: ReactNode; icon?: ReactNode; children: ReactNode }) {
  return (
    <DropdownMenu.Sub>
      <DropdownMenu.SubTrigger className={row}>
        {icon}
        <span className="flex-1">{label}</span>
        <ChevronRight aria-hidden />
      </DropdownMenu.SubTrigger>
      <DropdownMenu.Portal>
        <DropdownMenu.SubContent sideOffset={2} className={panel}>
          {children}
        </DropdownMenu.SubContent>
      </DropdownMenu.Portal>
    </DropdownMenu.Sub>
  );
}
