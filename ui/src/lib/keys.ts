/** Keys are written `Mod+Shift+K`; `Mod` is Ctrl, or Command on a Mac. `Alt+S>U` is first Alt+S, then U. */

const onMac = typeof navigator === "object" && /mac|iphone|ipad/i.test(navigator.platform);

const SHOWN: Record<string, string> = {
  ...(onMac ? { Mod: "⌘", Shift: "⇧", Alt: "⌥" } : { Mod: "Ctrl" }),
  Enter: "↵",
  Escape: "Esc",
  Delete: "Del",
  ArrowUp: "↑",
  ArrowDown: "↓",
  ArrowLeft: "←",
  ArrowRight: "→",
  Arrows: "← ↑ → ↓",
  Drag: "drag",
  ContextMenu: "Menu",
};

/** The keys that are pressed together, one such list for each time something is pressed. */
export function shownKeys(keys: string): string[][] {
  return presses(keys).map((press) => parts(press).map((key) => SHOWN[key] ?? key));
}

/** What is pressed one after the other. */
export const presses = (keys: string): string[] => keys.split(/(?<=.)>(?=.)/);

/** `Mod++` is Mod and the plus key. */
function parts(keys: string): string[] {
  return keys.endsWith("++") ? [...parts(keys.slice(0, -2)), "+"] : keys.split("+").filter(Boolean);
}

/** What of a keyboard event decides. */
export interface Pressed {
  key: string;
  /** The key's place: `KeyS`. */
  code?: string;
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
    isKey(event, key, wanted.includes("Alt")) &&
    mod === wanted.includes("Mod") &&
    !other &&
    event.altKey === wanted.includes("Alt") &&
    (symbol || event.shiftKey === wanted.includes("Shift"))
  );
}

/** With Alt a letter may give another character, as `ß` for S: then its place counts as well. */
function isKey(event: Pressed, key: string, alt: boolean): boolean {
  return event.key.toLowerCase() === key.toLowerCase() || (alt && /^[A-Z]$/.test(key) && event.code === `Key${key}`);
}

/** A key that is only held while others are pressed. */
export const isHeld = ({ key }: Pick<Pressed, "key">): boolean => ["Alt", "AltGraph", "Control", "Meta", "Shift"].includes(key);

/** Whether somebody types: then single letters are text, and undo is the field's own. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || !!target.closest("[role=textbox]");
}
