import { useEffect } from "react";
import { isTyping } from "@/lib/keys";
import { useLatest } from "@/lib/latest";
import type { Edits } from "./actions";
import { pasteInto } from "./bring-in";
import type { Builder } from "./state";

/** Steps on the system's clipboard, as JSON that can be read and sent to others. */
export function useClipboard(builder: Builder, edits: Edits, mayWrite: boolean): void {
  const newest = useLatest({ builder, edits });
  useEffect(() => {
    const copy = (event: ClipboardEvent, cut: boolean) => {
      const { builder, edits } = newest.current;
      if (isTyping(event.target) || edits.keys.length === 0 || String(getSelection() ?? "") !== "") return;
      event.clipboardData?.setData("text/plain", JSON.stringify(builder.document.copy(edits.keys), null, 2));
      event.preventDefault();
      if (cut) edits.remove(false);
    };
    const paste = (event: ClipboardEvent) => {
      if (isTyping(event.target) || document.querySelector("[role=dialog]")) return;
      const { builder, edits } = newest.current;
      event.preventDefault();
      pasteInto(builder, event.clipboardData?.getData("text/plain") ?? "", edits.keys[0]);
    };
    const onCopy = (event: ClipboardEvent) => copy(event, false);
    const onCut = (event: ClipboardEvent) => copy(event, mayWrite);
    addEventListener("copy", onCopy);
    addEventListener("cut", onCut);
    if (mayWrite) addEventListener("paste", paste);
    return () => {
      removeEventListener("copy", onCopy);
      removeEventListener("cut", onCut);
      removeEventListener("paste", paste);
    };
  }, [mayWrite, newest]);
}
