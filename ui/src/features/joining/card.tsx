import { type ReactNode, useEffect } from "react";
import { Mark } from "@/features/shell/mark";

/** A page for people who are not signed in yet. */
export function Card({ title, children, below }: { title: string; children: ReactNode; below?: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · Weir`;
  }, [title]);
  return (
    <main className="flex min-h-full flex-col items-center px-4 pt-[16vh] pb-10">
      <div className="w-full max-w-84">
        <div className="mb-6 flex items-center gap-3">
          <Mark className="size-9" />
          <h1 className="text-xl font-semibold tracking-tight">{title}</h1>
        </div>
        <div className="rounded-xl border border-line bg-surface p-5">{children}</div>
        {below ? <div className="mt-4 text-sm text-muted">{below}</div> : null}
      </div>
    </main>
  );
}

/**
 * The token behind the `#` of a link: it is in no log, because browsers do not send it. It is taken out of the address
 * at once, so that it stays in no history either.
 */
export function takeToken(): string {
  const token = location.hash.slice(1);
  if (token) history.replaceState(history.state, "", location.pathname);
  return token;
}
