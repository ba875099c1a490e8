import type { ReactNode } from "react";

/** The inside of a panel that has nothing to show, which is no mistake. */
export function Nothing({ children }: { children: ReactNode }) {
  return <p className="flex h-full min-h-24 items-center justify-center px-4 text-center text-base text-muted">{children}</p>;
}
