import { useEffect } from "react";
import { create } from "zustand";
import { asking } from "@/lib/again";
import { connection } from "@/lib/connection";
import { Failure } from "@/lib/failure";

type Loaded = typeof import("./toaster");
type Say = Loaded["toast"];

/** Most pages are left without a message, so what shows them comes later, at the latest with the first one. */
const useLoaded = create<{ loaded?: Loaded }>(() => ({}));

/** What is to be said, until there is where to say it. */
const waiting: ((say: Say) => void)[] = [];
let speaking: Say | undefined;

const ask = asking(() => import("./toaster"));

/** Where it does not come, what waits is said once the server answers again. */
async function ready(): Promise<void> {
  if (useLoaded.getState().loaded) return;
  const came = await ask().catch(() => undefined);
  if (came) useLoaded.setState(({ loaded }) => ({ loaded: loaded ?? came }));
}

export function Toaster() {
  const { loaded } = useLoaded();
  useEffect(() => connection.onFound(() => void (waiting.length > 0 && ready())), []);
  useEffect(() => {
    speaking = loaded?.toast;
    if (speaking) for (const how of waiting.splice(0)) how(speaking);
    return () => {
      speaking = undefined;
    };
  }, [loaded]);
  return loaded ? <loaded.default /> : null;
}

function say(how: (say: Say) => void): void {
  if (speaking) return how(speaking);
  waiting.push(how);
  void ready();
}

interface Offer {
  label: string;
  onClick: () => void;
}

const offered = (offer: Offer | undefined) => (offer ? { action: offer, duration: 10_000 } : {});

/** Short messages of what has happened. One with an offer, such as undo, stays for ten seconds. */
export const toast = {
  /** Asks for what shows them, so that it is there when the server is not. */
  ready,
  done(title: string, offer?: Offer) {
    say((toast) => toast.success(title, offered(offer)));
  },
  say(title: string, description?: string, offer?: Offer) {
    say((toast) => toast(title, { ...(description ? { description } : {}), ...offered(offer) }));
  },
  /** Says what went wrong as the server said it. */
  failed(error: unknown, title?: string) {
    const failure = Failure.of(error);
    // Whoever must sign in again is told so by a dialog.
    if (failure.kind === "signed-out") return;
    say((toast) => toast.error(title ?? failure.title, { description: failure.message, duration: 10_000 }));
  },
};
