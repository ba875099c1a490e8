import type { ReactNode } from "react";
import { useEffect } from "react";
import { cn } from "@/lib/cn";

/** The head of a page: what it is, and what can be done with it. Also the title of the tab. */
export function PageHeader({ title, description, actions, children, name }: { title: ReactNode; description?: ReactNode; actions?: ReactNode; children?: ReactNode; name?: string }) {
  const shown = name ?? (typeof title === "string" ? title : "");
  useEffect(() => {
    document.title = shown ? `${shown} · Weir` : "Weir";
  }, [shown]);
  return (
    <header className="px-6 pt-5 pb-4">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <div className="min-w-0 flex-1">
          <h1 className="truncate text-xl font-semibold tracking-tight" dir="auto">
            {title}
          </h1>
          {description ? <p className="mt-0.5 text-base text-muted">{description}</p> : null}
        </div>
        {actions ? <div className="flex flex-wrap items-center gap-2">{actions}</div> : null}
      </div>
      {children}
    </header>
  );
}

export function PageBody({ className, children }: { className?: string; children: ReactNode }) {
  return <div className={cn("px-6 pb-10", className)}>{children}</div>;
}
