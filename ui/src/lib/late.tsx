import { type ComponentType, useEffect, useSyncExternalStore } from "react";
import { toast } from "@/components/ui/toast";

/** A part of a page that is not seen at first. */
export interface Late<P> {
  /** Shows it, and nothing until it has come. */
  Part: ComponentType<P>;
  /** Asks for it, so that it is there when it is shown. Fails where it does not come. */
  ready: () => Promise<void>;
}

/** Unlike `lazy`, what has come is shown at once, and what does not come takes nothing else of the page away. */
export function late<P extends object>(load: () => Promise<{ default: ComponentType<P> }>): Late<P> {
  let loaded: ComponentType<P> | undefined;
  const waiting = new Set<() => void>();
  const subscribe = (told: () => void) => {
    waiting.add(told);
    return () => void waiting.delete(told);
  };
  const ready = async () => {
    loaded ??= (await load()).default;
    for (const told of waiting) told();
  };
  function Part(props: P) {
    const Loaded = useSyncExternalStore(subscribe, () => loaded);
    useEffect(() => {
      ready().catch(() => toast.say("A part of this page could not be loaded", "Once the server answers again, open it anew."));
    }, []);
    return Loaded ? <Loaded {...props} /> : null;
  }
  return { Part, ready };
}
