/** Keys are written `Mod+Shift+K`; `Mod` is Ctrl, or Command on a Mac. */

const onMac = typeof navigator === "object" && /mac|iphone|ipad/i.test(navigator.platform);

const SHOWN: Record<string, string> = onMac
  ? { Mod: "⌘", Shift: "⇧", Alt: "⌥", Enter: "↵", ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→" }
  : { Mod: "Ctrl", Enter: "↵", ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→" };

export function shownKeys(keys: string): string[] {
  return parts(keys).map((key) => SHOWN[key] ?? key);
}

/** `Mod++` is Mod and the plus key. */
function parts(keys: string): string[] {
  return keys.endsWith("++") ? [...parts(keys.slice(0, -2)), "+"] : keys.split("+").filter(Boolean);
}

/** What of a keyboard event decides. */
export interface Pressed {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
}

/** Whether an event is this shortcut. Shift is not asked for where the key itself needs it, as `?` does. */
export function matches(event: Pressed, keys: string, mac: boolean = onMac): boolean {
  const wanted = parts(keys);
  const key = wanted.at(-1) ?? "";
  const mod = mac ? event.metaKey : event.ctrlKey;
  const other = mac ? event.ctrlKey : event.metaKey;
  const symbol = key.length === 1 && key.toLowerCase() === key.toUpperCase();
  return (
    event.key.toLowerCase() === key.toLowerCase() &&
    mod === wanted.includes("Mod") &&
    !other &&
    event.altKey === wanted.includes("Alt") &&
    (symbol || event.shiftKey === wanted.includes("Shift"))
  );
}

/** Whether somebody types: then single letters are text, and undo is the field's own. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || !!target.closest("[role=textbox]");
}
