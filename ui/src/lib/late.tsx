import { type ComponentType, createElement, type ReactNode, useEffect, useState, useSyncExternalStore } from "react";
import { Button } from "@/components/ui/button";
import { toast } from "@/components/ui/toast";
import { asking } from "./again";
import { connection } from "./connection";
import { useLatest } from "./latest";

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
    const missed = useAsked(ready, close, props);
    if (Loaded) return createElement(Loaded, props);
    return waiting !== undefined && missed ? <Missed /> : waiting;
  }
  return { Part, ready };
}

/** Asks for a part that is shown, and again once the server is found; says where it does not come. Whether it did not. */
function useAsked<P>(ready: () => Promise<void>, close: ((props: P) => void) | undefined, props: P): boolean {
  const [missed, setMissed] = useState(false);
  const latest = useLatest(props);
  useEffect(() => {
    let shown = true;
    const missing = () => {
      connection.askNow();
      if (!shown) return;
      setMissed(true);
      sayMissing(close ? "Once the server answers again, open it anew or reload." : "Once the server answers again it comes, or a reload brings it.");
      close?.(latest.current);
    };
    ready().catch(missing);
    const forget = connection.onFound(() => void ready().catch(() => {}));
    return () => {
      shown = false;
      forget();
    };
  }, [ready, close, latest]);
  return missed;
}

const reload = () => location.reload();

/** Stands in the place of a part for as long as it stays away; the message about it goes after a while. */
function Missed() {
  return (
    <div className="flex h-full flex-col items-center justify-center gap-3 p-4 text-base text-muted">
      <p>This part could not be loaded.</p>
      <Button size="sm" onClick={reload}>Load the page anew</Button>
    </div>
  );
}

/** A newer program may no longer have it; what else can stand in the way, `asking` says. */
function sayMissing(then: string): void {
  toast.say("A part of this page could not be loaded", then, { label: "Reload", onClick: reload });
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
