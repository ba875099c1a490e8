import { create } from "zustand";

const KEY = "weir.sidebar";

function read(): boolean {
  try {
    return localStorage.getItem(KEY) !== "narrow";
  } catch {
    return true;
  }
}

/** Whether the sidebar shows words, or only icons. */
export const useWide = create<{ wide: boolean }>(() => ({ wide: read() }));

export function toggleSidebar(): void {
  const wide = !useWide.getState().wide;
  useWide.setState({ wide });
  try {
    localStorage.setItem(KEY, wide ? "wide" : "narrow");
  } catch {
    // It holds until the page is left.
  }
}
