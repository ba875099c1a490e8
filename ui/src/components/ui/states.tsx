import { CircleAlert, Loader2, Lock, RotateCw, SearchX } from "lucide-react";
import type { ReactNode } from "react";
import { Failure } from "@/lib/failure";
import { cn } from "@/lib/cn";
import { Button } from "./button";
import { SkeletonRows } from "./skeleton";

function Middle({ icon, title, children, actions, className }: { icon: ReactNode; title: ReactNode; children?: ReactNode; actions?: ReactNode; className?: string | undefined }) {
  return (
    <div className={cn("flex flex-col items-center justify-center px-6 py-14 text-center", className)}>
      <div className="mb-3 flex size-10 items-center justify-center rounded-lg border border-line bg-sunken text-muted [&_svg]:size-5">
        {icon}
      </div>
      <h2 className="text-lg font-semibold">{title}</h2>
      {children ? <div className="mt-1 max-w-112 text-base text-muted wrap-anywhere">{children}</div> : null}
      {actions ? <div className="mt-4 flex flex-wrap justify-center gap-2">{actions}</div> : null}
    </div>
  );
}

/** Nothing there yet: one sentence and what to do. */
export function Empty({ icon, title, children, actions, className }: { icon?: ReactNode; title: ReactNode; children?: ReactNode; actions?: ReactNode; className?: string }) {
  return (
    <Middle icon={icon ?? <SearchX aria-hidden />} title={title} actions={actions} className={className}>
      {children}
    </Middle>
  );
}

export function Loading({ label = "Loading" }: { label?: string }) {
  return (
    <div role="status" data-loading className="flex items-center justify-center gap-2 py-14 text-base text-muted">
      <Loader2 className="size-4 animate-spin" aria-hidden />
      {label}
    </div>
  );
}

export function Forbidden({ what = "this page" }: { what?: string }) {
  return (
    <Middle icon={<Lock aria-hidden />} title="Your role does not allow this">
      To see {what}, ask an administrator of the organisation for a role that may.
    </Middle>
  );
}

/** Whatever went wrong, with its code, and a way on. */
export function Failed({ error, onRetry, what }: { error: unknown; onRetry?: () => void; what?: string }) {
  const failure = Failure.of(error);
  if (failure.kind === "forbidden") return <Forbidden {...(what ? { what } : {})} />;
  const actions = onRetry ? (
    <Button onClick={onRetry}>
      <RotateCw aria-hidden />
      Try again
    </Button>
  ) : null;
  return (
    <Middle icon={<CircleAlert className="text-bad-ink" aria-hidden />} title={failure.title} actions={actions}>
      <span role="alert">{failure.message}</span>
      {failure.code ? <Code code={failure.code} /> : null}
    </Middle>
  );
}

function Code({ code }: { code: string }) {
  return (
    <a className="mt-1 block text-sm text-accent-ink hover:underline" href={`/docs/errors/${code}`} target="_blank" rel="noreferrer">
      {code}
    </a>
  );
}

interface Asked<T> {
  data: T | undefined;
  error: unknown;
  isPending: boolean;
  refetch: () => unknown;
}

/** One of loading, failed or there. What was there stays while it is asked for again. */
export function Shown<T>({ asked, loading, what, children }: { asked: Asked<T>; loading?: ReactNode; what?: string; children: (data: T) => ReactNode }) {
  if (asked.data !== undefined) return children(asked.data);
  if (asked.isPending) return loading ?? <SkeletonRows />;
  return <Failed error={asked.error} onRetry={() => void asked.refetch()} {...(what ? { what } : {})} />;
}
