import { useEffect } from "react";
import { isTyping, matches, shownKeys } from "@/lib/keys";
import { useLatest } from "@/lib/latest";
import { toast } from "@/components/ui/toast";
import type { Place, Point } from "@/document";
import type { Edits } from "./actions";
import { pasteInto } from "./bring-in";
import type { Builder } from "./state";

/** Pastes, and lets what led to the copied steps lead to the new ones. */
export const PASTE_JOINED = "Mod+Shift+V";

const named = (keys: string): string => shownKeys(keys).flat().join("+");

const asText = (builder: Builder, edits: Edits): string => JSON.stringify(builder.document.copy(edits.keys), null, 2);

/** Steps on the system's clipboard, as JSON that can be read and sent to others. */
export function useClipboard(builder: Builder, edits: Edits, mayWrite: boolean): void {
  const newest = useLatest({ builder, edits });
  useEffect(() => {
    // The event of pasting does not say by which keys.
    let joined = false;
    const copy = (event: ClipboardEvent, cut: boolean) => {
      const { builder, edits } = newest.current;
      if (isTyping(event.target) || edits.keys.length === 0 || String(getSelection() ?? "") !== "") return;
      event.clipboardData?.setData("text/plain", asText(builder, edits));
      event.preventDefault();
      if (cut) edits.remove(false);
    };
    const paste = (event: ClipboardEvent) => {
      if (isTyping(event.target) || document.querySelector("[role=dialog]")) return;
      const { builder, edits } = newest.current;
      event.preventDefault();
      const asked = joined;
      // The next one may come from a menu, with no key.
      joined = false;
      void pasteInto(builder, event.clipboardData?.getData("text/plain") ?? "", behind(edits), asked);
    };
    const onCopy = (event: ClipboardEvent) => copy(event, false);
    const onCut = (event: ClipboardEvent) => copy(event, mayWrite);
    const onKey = (event: KeyboardEvent) => (joined = matches(event, PASTE_JOINED));
    addEventListener("copy", onCopy);
    addEventListener("cut", onCut);
    if (mayWrite) {
      addEventListener("paste", paste);
      addEventListener("keydown", onKey, true);
    }
    return () => {
      removeEventListener("copy", onCopy);
      removeEventListener("cut", onCut);
      removeEventListener("paste", paste);
      removeEventListener("keydown", onKey, true);
    };
  }, [mayWrite, newest]);
}

/** Copies where no key was pressed, as from the palette. */
export async function copyNow(builder: Builder, edits: Edits, cut: boolean): Promise<void> {
  if (edits.keys.length === 0) return toast.say("Select the steps first");
  try {
    await navigator.clipboard.writeText(asText(builder, edits));
  } catch {
    return toast.say("The browser does not let this page copy", `Press ${named(cut ? "Mod+X" : "Mod+C")} on the canvas.`);
  }
  if (cut) edits.remove(false);
  else toast.done(edits.keys.length === 1 ? "Copied" : `Copied ${edits.keys.length} steps`);
}

/** Pastes where no key was pressed; where a place of the drawing was asked for, there. */
export async function pasteNow(builder: Builder, edits: Edits, joined: boolean, at?: Point): Promise<void> {
  let text: string;
  try {
    text = await navigator.clipboard.readText();
  } catch {
    return toast.say("The browser does not let this page read the clipboard", `Press ${named(joined ? PASTE_JOINED : "Mod+V")} on the canvas.`);
  }
  await pasteInto(builder, text, at ? { at } : behind(edits), joined);
}

const behind = ({ keys: [after] }: Edits): Place => (after === undefined ? {} : { after });
