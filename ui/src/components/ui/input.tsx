import { Search } from "lucide-react";
import { type ComponentProps, type ReactNode, useId } from "react";
import { cn } from "@/lib/cn";

export const fieldLook =
  "w-full rounded-md border border-control bg-surface px-2.5 text-base text-ink transition-colors hover:border-muted focus-visible:border-ring focus-visible:outline-2 focus-visible:-outline-offset-1 focus-visible:outline-ring disabled:opacity-55 aria-invalid:border-bad read-only:bg-sunken";

export function Input({ className, ...rest }: ComponentProps<"input">) {
  return <input dir="auto" {...rest} className={cn(fieldLook, "h-8", className)} />;
}

export function Textarea({ className, ...rest }: ComponentProps<"textarea">) {
  return <textarea dir="auto" {...rest} className={cn(fieldLook, "min-h-18 py-1.5", className)} />;
}

export function SearchInput({ className, ...rest }: ComponentProps<"input">) {
  return (
    <div className={cn("relative", className)}>
      <Search className="pointer-events-none absolute start-2.5 top-1/2 size-3.5 -translate-y-1/2 text-muted" aria-hidden />
      <Input type="search" {...rest} className="border-line-strong ps-8 hover:border-control" />
    </div>
  );
}

interface FieldProps {
  label: ReactNode;
  /** What it is for, below the field. */
  hint?: ReactNode;
  /** What is wrong with it, and what to do. */
  error?: ReactNode;
  className?: string;
  /** Gets what ties it to the label and the words below. */
  children: (tied: { id: string; "aria-describedby"?: string; "aria-invalid"?: true }) => ReactNode;
}

/** A labelled field with its hint and its error. */
export function Field({ label, hint, error, className, children }: FieldProps) {
  const id = useId();
  const below = hint || error ? { "aria-describedby": `${id}-below` } : {};
  return (
    <div className={cn("flex flex-col gap-1", className)}>
      <label htmlFor={id} className="text-sm font-medium text-ink">
        {label}
      </label>
      {children({ id, ...below, ...(error ? { "aria-invalid": true as const } : {}) })}
      {hint || error ? (
        <p id={`${id}-below`} className={cn("text-sm", error ? "text-bad-ink" : "text-muted")}>
          {error ?? hint}
        </p>
      ) : null}
    </div>
  );
}
