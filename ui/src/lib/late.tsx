import { type ComponentType, createElement, type ReactNode, useEffect, useState, useSyncExternalStore } from "react";
import { Button } from "@/components/ui/button";
import { toast } from "@/components/ui/toast";
import { asking } from "./again";
import { connection } from "./connection";
import { useLatest } from "./latest";
import { Outdated } from "./there";

/** A part of a page that is not seen at first. */
export interface Late<P> {
  /** Shows it, and what waits for it until it has come. */
  Part: ComponentType<P>;
  /** Asks for it, so that it is there when it is shown. Fails where it does not come. */
  ready: () => Promise<void>;
}

interface Options<P> {
  /** What stands in its place until it has come. */
  waiting?: ReactNode;
  /** Closes what lies over a page, where it does not come: nothing is seen that could be closed. */
  close?: (props: P) => void;
}

/** Unlike `lazy`, what has come is shown at once, and what does not come takes nothing else of the page away. */
export function late<P extends object>(load: () => Promise<{ default: ComponentType<P> }>, { waiting, close }: Options<P> = {}): Late<P> {
  const ask = asking(load);
  let loaded: ComponentType<P> | undefined;
  const listeners = new Set<() => void>();
  const subscribe = (told: () => void) => {
    listeners.add(told);
    return () => void listeners.delete(told);
  };
  const ready = async () => {
    if (loaded) return;
    const { default: came } = await ask();
    // Of two that came at once, the first one stays.
    loaded ??= came;
    for (const told of listeners) told();
  };
  function Part(props: P) {
    const Loaded = useSyncExternalStore(subscribe, () => loaded);
    const [missed, ask] = useAsked(ready, close, props);
    if (Loaded) return createElement(Loaded, props);
    return waiting !== undefined && missed ? <Missed missed={missed} onAgain={ask} /> : waiting;
  }
  return { Part, ready };
}

/** Why a part is not there: nobody answers, or another program does, which has it no more. */
type Why = "away" | "outdated";

/** Asks for a part that is shown, and again once the server is found; says where it does not come. Why it did not, and how it is asked for anew. */
function useAsked<P>(ready: () => Promise<void>, close: ((props: P) => void) | undefined, props: P): [Why | undefined, () => Promise<void>] {
  const [missed, setMissed] = useState<Why>();
  const latest = useLatest(props);
  useEffect(() => {
    let shown = true;
    const missing = (error: unknown) => {
      connection.askNow();
      if (!shown) return;
      const why = error instanceof Outdated ? "outdated" : "away";
      setMissed(why);
      if (why === "outdated") sayMissing("The server runs a newer program.", true);
      else sayMissing(close ? "Open it anew once the server answers again." : "It comes once the server answers again.", false);
      close?.(latest.current);
    };
    ready().catch(missing);
    const forget = connection.onFound(() => void ready().catch(() => {}));
    return () => {
      shown = false;
      forget();
    };
  }, [ready, close, latest]);
  const again = async () => {
    try {
      await ready();
    } catch (error) {
      connection.askNow();
      setMissed(error instanceof Outdated ? "outdated" : "away");
    }
  };
  return [missed, again];
}

const reload = () => location.reload();

/** Stands in the place of a part for as long as it stays away; the message about it goes after a while. */
function Missed({ missed, onAgain }: { missed: Why; onAgain: () => Promise<void> }) {
  const [busy, setBusy] = useState(false);
  const again = () => {
    setBusy(true);
    void onAgain().finally(() => setBusy(false));
  };
  return (
    <div className="flex h-full flex-col items-center justify-center gap-3 p-4 text-base text-muted">
      <p>This part could not be loaded.</p>
      {missed === "outdated" ? <Button size="sm" onClick={reload}>Load the page anew</Button> : <Button size="sm" busy={busy} onClick={again}>Try again</Button>}
    </div>
  );
}

function sayMissing(then: string, outdated: boolean): void {
  toast.say("A part of this page could not be loaded", then, outdated ? { label: "Reload", onClick: reload } : undefined);
}

/** Asks for parts as soon as somebody begins to work, or has rested so long, and before the server could be gone. */
export function useReady(parts: readonly Pick<Late<never>, "ready">[], rest?: number): void {
  useEffect(() => {
    // Where one of them does not come, it is asked for again when it is shown, which then says so.
    const ask = () => void Promise.allSettled(parts.map(({ ready }) => ready()));
    const timer = rest === undefined ? undefined : setTimeout(ask, rest);
    const once = { once: true, capture: true };
    addEventListener("pointerdown", ask, once);
    addEventListener("keydown", ask, once);
    return () => {
      clearTimeout(timer);
      removeEventListener("pointerdown", ask, once);
      removeEventListener("keydown", ask, once);
    };
  }, [parts, rest]);
}
