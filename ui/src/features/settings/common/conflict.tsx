import { TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "@/components/ui/button";
import { Failure } from "@/lib/failure";

/** Whether somebody else's change came between seeing and changing. */
export const isConflict = (error: unknown): boolean => error !== null && error !== undefined && Failure.of(error).code === "REVISION_CONFLICT";

/** Says so above a form; what was entered in it stays. */
export function ConflictNote({ children, onTakeTheirs }: { children: ReactNode; onTakeTheirs?: () => void }) {
  return (
    <div role="alert" className="flex items-start gap-2.5 rounded-md bg-warn-soft px-3 py-2.5 text-base text-warn-ink">
      <TriangleAlert className="mt-0.5 size-4 shrink-0" aria-hidden />
      <div className="min-w-0 flex-1 wrap-anywhere">{children}</div>
      {onTakeTheirs ? (
        <Button size="sm" onClick={onTakeTheirs}>
          Take theirs
        </Button>
      ) : null}
    </div>
  );
}

/** What went wrong with a form as a whole. */
export function FormError({ error }: { error: unknown }) {
  if (!error) return null;
  const failure = Failure.of(error);
  return (
    <p role="alert" className="rounded-md bg-bad-soft px-3 py-2 text-base text-bad-ink wrap-anywhere">
      {failure.message}
      {failure.retryAfter ? ` Try again in ${failure.retryAfter} s.` : null}
    </p>
  );
}
