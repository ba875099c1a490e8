import { create } from "zustand";

/** Whether the server answers. When it does not, it is asked until it does; then what is shown is asked for again. */
interface Connection {
  gone: boolean;
  /** When it is asked next, in milliseconds since 1970. */
  next: number;
}

const FIRST = 1_000;
const MOST = 15_000;

export const useConnection = create<Connection>(() => ({ gone: false, next: 0 }));

let pause = FIRST;
let timer: ReturnType<typeof setTimeout> | undefined;
const listeners = new Set<() => void>();

async function ask(): Promise<void> {
  try {
    const answer = await fetch("/ready", { cache: "no-store" });
    if (answer.ok) return connection.found();
  } catch {
    // Still gone.
  }
  pause = Math.min(pause * 2, MOST);
  plan();
}

function plan(): void {
  clearTimeout(timer);
  timer = setTimeout(() => void ask(), pause);
  useConnection.setState({ gone: true, next: Date.now() + pause });
}

export const connection = {
  lost(): void {
    if (useConnection.getState().gone) return;
    pause = FIRST;
    plan();
  },
  found(): void {
    if (!useConnection.getState().gone) return;
    clearTimeout(timer);
    useConnection.setState({ gone: false, next: 0 });
    for (const listener of listeners) listener();
  },
  /** Does not wait for its turn. */
  askNow(): void {
    clearTimeout(timer);
    void ask();
  },
  onFound(listener: () => void): () => void {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  },
};
