import { cva, type VariantProps } from "class-variance-authority";
import { Loader2 } from "lucide-react";
import type { ComponentProps, ReactNode } from "react";
import { cn } from "@/lib/cn";
import { Tip } from "./tooltip";

const look = cva(
  "inline-flex shrink-0 select-none items-center justify-center gap-1.5 whitespace-nowrap rounded-md font-medium transition-colors disabled:pointer-events-none disabled:opacity-50 aria-disabled:opacity-50 [&_svg]:size-3.5 [&_svg]:shrink-0",
  {
    variants: {
      look: {
        primary: "bg-accent text-accent-on hover:bg-accent-hover",
        plain: "border border-line-strong bg-surface text-ink hover:bg-hover active:bg-pressed",
        quiet: "text-ink hover:bg-hover active:bg-pressed data-[state=open]:bg-hover",
        danger: "bg-bad text-bad-on hover:bg-bad-hover",
        link: "h-auto! px-0! text-accent-ink underline-offset-2 hover:underline",
      },
      size: {
        sm: "h-6.5 px-2 text-sm",
        md: "h-8 px-3 text-base",
        lg: "h-9.5 px-4 text-base",
        icon: "size-8 [&_svg]:size-4",
        "icon-sm": "size-6.5",
      },
    },
    defaultVariants: { look: "plain", size: "md" },
  },
);

export interface ButtonProps extends ComponentProps<"button">, VariantProps<typeof look> {
  /** Shows that what it began is under way, and takes no second click meanwhile. */
  busy?: boolean;
}

export function Button({ look: wanted, size, busy, className, children, type = "button", ...rest }: ButtonProps) {
  return (
    <button
      type={type}
      aria-busy={busy || undefined}
      {...rest}
      disabled={rest.disabled || busy}
      className={cn(look({ look: wanted, size }), className)}
    >
      {busy ? <Loader2 className="animate-spin" aria-hidden /> : null}
      {children}
    </button>
  );
}

/** A button that is only an icon; its label is its name and its tooltip. */
export function IconButton({
  label,
  size = "icon",
  look: wanted = "quiet",
  shortcut,
  ...rest
}: ButtonProps & { label: string; shortcut?: string; children: ReactNode }) {
  return (
    <Tip text={label} {...(shortcut ? { shortcut } : {})}>
      <Button aria-label={label} size={size} look={wanted} {...rest} />
    </Tip>
  );
}

/** For links that look like buttons. */
export const buttonLook = look;
