import { useSyncExternalStore } from "react";

export type Theme = "system" | "light" | "dark";

/** public/theme.js reads the same key before the page is drawn. */
const KEY = "weir.theme";

const listeners = new Set<() => void>();
const system = typeof matchMedia === "function" ? matchMedia("(prefers-color-scheme: dark)") : undefined;

function read(): Theme {
  try {
    const kept = localStorage.getItem(KEY);
    return kept === "light" || kept === "dark" ? kept : "system";
  } catch {
    return "system";
  }
}

function dark(): boolean {
  const wanted = read();
  return wanted === "dark" || (wanted === "system" && (system?.matches ?? false));
}

function apply(): void {
  document.documentElement.classList.toggle("dark", dark());
  for (const listener of listeners) listener();
}

export function setTheme(theme: Theme): void {
  try {
    if (theme === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // Without storage the choice holds until the page is left.
  }
  apply();
}

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) {
    system?.addEventListener("change", apply);
    // Another tab chose.
    addEventListener("storage", apply);
  }
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    system?.removeEventListener("change", apply);
    removeEventListener("storage", apply);
  };
}

/** Follows the system and other tabs on every page, also on those that draw nothing by themselves. */
export const followTheme = (): (() => void) => subscribe(() => {});

/** What was chosen. */
export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, read);
}

/** What is shown: for parts that draw themselves, such as charts, the canvas and the editor. */
export function useDark(): boolean {
  return useSyncExternalStore(subscribe, dark);
}
