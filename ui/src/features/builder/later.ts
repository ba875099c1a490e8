import { useEffect } from "react";
import { late } from "@/lib/late";

export const Inspector = late(() => import("./inspector"));
export const Outline = late(() => import("./outline"));
export const Dialogs = late(() => import("./dialogs"));

/** Nobody opens a step or a dialog sooner than this without a click or a key before. */
const REST = 3_000;

/** Asks for what is not seen at first as soon as somebody begins to work, and before the server could be gone. */
export function useLater(): void {
  useEffect(() => {
    // Where one of them does not come, it is asked for again when it is opened, which then says so.
    const ask = () => void Promise.allSettled([Inspector, Outline, Dialogs].map(({ ready }) => ready()));
    const timer = setTimeout(ask, REST);
    const once = { once: true, capture: true };
    addEventListener("pointerdown", ask, once);
    addEventListener("keydown", ask, once);
    return () => {
      clearTimeout(timer);
      removeEventListener("pointerdown", ask, once);
      removeEventListener("keydown", ask, once);
    };
  }, []);
}
