import { Tabs as Radix } from "radix-ui";
import type { ComponentProps, ReactNode } from "react";
import { cn } from "@/lib/cn";

export const Tabs = Radix.Root;

export function TabList({ className, ...rest }: ComponentProps<typeof Radix.List>) {
  return <Radix.List {...rest} className={cn("flex shrink-0 gap-4 border-b border-line", className)} />;
}

export const tabLook =
  "relative -mb-px inline-flex h-8.5 items-center gap-1.5 border-b-2 border-transparent text-base font-medium text-muted transition-colors hover:text-ink data-[state=active]:border-accent data-[state=active]:text-ink data-[status=active]:border-accent data-[status=active]:text-ink";

export function Tab({ value, count, children }: { value: string; count?: number; children: ReactNode }) {
  return (
    <Radix.Trigger value={value} className={tabLook}>
      {children}
      {count === undefined ? null : (
        <span className="rounded-full bg-sunken px-1.5 text-xs tabular text-muted">{count}</span>
      )}
    </Radix.Trigger>
  );
}

export function TabPanel({ className, ...rest }: ComponentProps<typeof Radix.Content>) {
  return <Radix.Content {...rest} className={cn("outline-none", className)} />;
}

/** A few views of the same thing, of which one is shown. */
export function Segments<T extends string>({
  value,
  onChange,
  label,
  options,
}: {
  value: T;
  onChange: (value: T) => void;
  label: string;
  options: { value: T; label: ReactNode; name?: string }[];
}) {
  return (
    <div role="radiogroup" aria-label={label} className="inline-flex rounded-md border border-line-strong bg-sunken p-0.5">
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          role="radio"
          aria-checked={option.value === value}
          aria-label={option.name}
          tabIndex={option.value === value ? 0 : -1}
          onClick={() => onChange(option.value)}
          onKeyDown={(event) => {
            const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
            if (step === 0) return;
            const at = options.findIndex((one) => one.value === value);
            const next = options[(at + step + options.length) % options.length];
            if (!next) return;
            onChange(next.value);
            const group = event.currentTarget.parentElement;
            (group?.children[options.indexOf(next)] as HTMLElement | undefined)?.focus();
          }}
          className="inline-flex h-6 items-center gap-1.5 rounded-sm px-2 text-sm font-medium text-muted transition-colors hover:text-ink aria-checked:bg-surface aria-checked:text-ink aria-checked:shadow-[0_1px_2px_oklch(0_0_0/0.12)] dark:aria-checked:bg-raised [&_svg]:size-3.5"
        >
          {option.label}
        </button>
      ))}
    </div>
  );
}
