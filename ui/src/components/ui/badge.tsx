import { cva, type VariantProps } from "class-variance-authority";
import type { ComponentProps } from "react";
import { cn } from "@/lib/cn";

const look = cva(
  "inline-flex h-5 max-w-full shrink-0 items-center gap-1 whitespace-nowrap rounded-sm px-1.5 text-xs font-medium [&_svg]:size-3 [&_svg]:shrink-0",
  {
    variants: {
      tone: {
        plain: "bg-sunken text-muted",
        outline: "border border-line-strong text-muted",
        accent: "bg-accent-soft text-accent-ink",
        ok: "bg-ok-soft text-ok-ink",
        bad: "bg-bad-soft text-bad-ink",
        warn: "bg-warn-soft text-warn-ink",
        busy: "bg-busy-soft text-busy-ink",
        wait: "bg-wait-soft text-wait-ink",
      },
    },
    defaultVariants: { tone: "plain" },
  },
);

export type Tone = NonNullable<VariantProps<typeof look>["tone"]>;

export function Badge({ tone, className, ...rest }: ComponentProps<"span"> & { tone?: Tone }) {
  return <span {...rest} className={cn(look({ tone }), className)} />;
}
