import { lazy, Suspense } from "react";
import { create } from "zustand";
import { Failure } from "@/lib/failure";

const Shown = lazy(() => import("./toaster"));

/** Most pages are left without a message, so what shows them comes with the first one. */
const useNeeded = create<{ needed: boolean }>(() => ({ needed: false }));

export function Toaster() {
  const { needed } = useNeeded();
  return <Suspense>{needed ? <Shown /> : null}</Suspense>;
}

type Say = (typeof import("sonner"))["toast"];

function say(how: (say: Say) => void): void {
  useNeeded.setState({ needed: true });
  void import("sonner").then(({ toast }) => how(toast));
}

interface Offer {
  label: string;
  onClick: () => void;
}

/** Short messages of what has happened. One with an offer, such as undo, stays for ten seconds. */
export const toast = {
  done(title: string, offer?: Offer) {
    say((toast) => toast.success(title, offer ? { action: offer, duration: 10_000 } : {}));
  },
  say(title: string, description?: string) {
    say((toast) => toast(title, description ? { description } : {}));
  },
  /** Says what went wrong as the server said it. */
  failed(error: unknown, title?: string) {
    const failure = Failure.of(error);
    // Whoever must sign in again is told so by a dialog.
    if (failure.kind === "signed-out") return;
    say((toast) => toast.error(title ?? failure.title, { description: failure.message, duration: 10_000 }));
  },
};
