/**
 * Asking while it changes who asks: what reads and is on its way is cut off, and what is asked meanwhile waits until
 * `act` has ended, for it would be refused, or answered for another organisation. Where `act` leaves the page, neither
 * is ever answered.
 */
let over: Promise<unknown> | undefined;
let cut = new AbortController();

/** Looks `fetch` up anew each time, so that tests can put another in its place. */
export async function ask(request: Request): Promise<Response> {
  for (;;) {
    await over;
    if (request.method !== "GET") return globalThis.fetch(request);
    const { signal } = cut;
    try {
      return await globalThis.fetch(request.clone(), { signal: AbortSignal.any([request.signal, signal]) });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}

/** How `act` itself asks. */
type Own = (request: Request) => Promise<Response>;

export async function quietly<T>(act: (own: Own) => Promise<T>): Promise<T> {
  const acting = act((request) => globalThis.fetch(request));
  over = acting.catch(() => {});
  cut.abort();
  cut = new AbortController();
  try {
    return await acting;
  } finally {
    over = undefined;
  }
}

/** Does it, and ends the page: nothing that was read stays in its memory for the next person or organisation. */
export function leaveWith(act: (own: Own) => Promise<unknown>, to: string): Promise<never> {
  return quietly(async (own) => {
    await act(own);
    location.assign(to);
    return new Promise<never>(() => {});
  });
}
