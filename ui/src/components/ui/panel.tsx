import type { ComponentProps, ReactNode } from "react";
import { cn } from "@/lib/cn";

/** A surface with a heading; figures and lists stand in these. */
export function Panel({ title, hint, actions, className, children, ...rest }: Omit<ComponentProps<"section">, "title"> & { title?: ReactNode; hint?: ReactNode; actions?: ReactNode }) {
  return (
    <section {...rest} className={cn("min-w-0 rounded-lg border border-line bg-surface", className)}>
      {title ? (
        <header className="flex min-h-10 items-center gap-3 px-4 pt-1">
          <h2 className="text-base font-semibold">{title}</h2>
          {hint ? <p className="min-w-0 truncate text-sm text-muted">{hint}</p> : null}
          {actions ? <div className="ms-auto flex items-center gap-2">{actions}</div> : null}
        </header>
      ) : null}
      {children}
    </section>
  );
}
