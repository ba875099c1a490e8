import { cn } from "@/lib/cn";

/** The place of something that is on its way. */
export function Skeleton({ className }: { className?: string }) {
  return <div aria-hidden data-loading className={cn("animate-shimmer rounded-sm bg-pressed", className)} />;
}

/** The same for a list. */
export function SkeletonRows({ rows = 6, className }: { rows?: number; className?: string }) {
  return (
    <div role="status" aria-label="Loading" className={cn("flex flex-col", className)}>
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className="flex h-11 items-center gap-4 border-b border-line px-4">
          <Skeleton className="h-3.5 w-4/12" />
          <Skeleton className="h-3.5 w-2/12" />
          <Skeleton className="ms-auto h-3.5 w-1/12" />
        </div>
      ))}
    </div>
  );
}
