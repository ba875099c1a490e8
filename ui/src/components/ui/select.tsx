import { Check, ChevronDown } from "lucide-react";
import { Select as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { cn } from "@/lib/cn";

export interface Option {
  value: string;
  label: ReactNode;
  hint?: ReactNode;
  disabled?: boolean;
}

interface SelectProps {
  value: string;
  onChange: (value: string) => void;
  options: Option[];
  /** Its name, where no label is tied to it. */
  label?: string;
  id?: string;
  placeholder?: string;
  disabled?: boolean;
  size?: "sm" | "md";
  className?: string;
  "aria-describedby"?: string;
  "aria-invalid"?: true;
}

/** One of a few. An empty value is written `""`; inside it is another, since the primitive keeps that for "nothing". */
export function Select({ value, onChange, options, label, placeholder, disabled, size = "md", className, ...tied }: SelectProps) {
  return (
    <Radix.Root value={inside(value)} onValueChange={(next) => onChange(outside(next))} disabled={disabled ?? false}>
      <Radix.Trigger
        aria-label={label}
        {...tied}
        className={cn(
          "inline-flex items-center justify-between gap-2 rounded-md border border-line-strong bg-surface text-ink transition-colors hover:border-control disabled:opacity-55 aria-invalid:border-bad",
          size === "sm" ? "h-6.5 px-2 text-sm" : "h-8 px-2.5 text-base",
          className,
        )}
      >
        <span className="truncate">
          <Radix.Value placeholder={placeholder} />
        </span>
        <ChevronDown className="size-3.5 shrink-0 text-muted" aria-hidden />
      </Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          position="popper"
          sideOffset={4}
          collisionPadding={8}
          className="z-60 max-h-[min(24rem,var(--radix-select-content-available-height))] min-w-(--radix-select-trigger-width) max-w-96 animate-pop overflow-auto rounded-lg border border-line bg-raised p-1 shadow-pop"
        >
          <Radix.Viewport>
            {options.map((option) => (
              <Radix.Item
                key={option.value}
                value={inside(option.value)}
                disabled={option.disabled ?? false}
                className="flex min-h-7 cursor-default items-center gap-2 rounded-sm py-1 ps-2 pe-7 text-base outline-none data-disabled:opacity-50 data-highlighted:bg-hover relative"
              >
                <Radix.ItemText>
                  <span className="truncate">{option.label}</span>
                </Radix.ItemText>
                {option.hint ? <span className="ms-auto text-sm text-muted">{option.hint}</span> : null}
                <Radix.ItemIndicator className="absolute end-2">
                  <Check className="size-3.5 text-accent-ink" aria-hidden />
                </Radix.ItemIndicator>
              </Radix.Item>
            ))}
          </Radix.Viewport>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

const NONE = "\u0000none";
const inside = (value: string) => (value === "" ? NONE : value);
const outside = (value: string) => (value === NONE ? "" : value);
