/**
 * Asking while it changes who asks: what reads and is on its way is cut off, and what is asked meanwhile waits until
 * `act` has ended, for it would be refused, or answered for another organisation. Where `act` leaves the page, neither
 * is ever answered. What a stream of a run tells goes by other ways, and ends with the page.
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
      return await whole(await globalThis.fetch(request.clone(), { signal: AbortSignal.any([request.signal, signal]) }));
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}

/** Statuses whose answers have no body. */
const BARE = new Set([204, 205, 304]);

/** An answer that has come to its end: what is cut off later is nothing of it. */
async function whole(answer: Response): Promise<Response> {
  const body = await answer.arrayBuffer();
  return new Response(BARE.has(answer.status) ? null : body, answer);
}

/** How `act` itself asks. */
type Own = (request: Request) => Promise<Response>;

export async function quietly<T>(act: (own: Own) => Promise<T>): Promise<T> {
  const acting = act((request) => globalThis.fetch(request));
  const mine = acting.catch(() => {});
  over = mine;
  cut.abort();
  cut = new AbortController();
  try {
    return await acting;
  } finally {
    // Another one may have begun meanwhile.
    if (over === mine) over = undefined;
  }
}

/** Does it, and ends the page: nothing that was read is seen by the next person or for the next organisation. */
export function leaveWith(act: (own: Own) => Promise<unknown>, to: string): Promise<never> {
  return quietly(async (own) => {
    await act(own);
    leave(to);
    return new Promise<never>(() => {});
  });
}

/** Ends the page. Browsers keep one that was left as it was, and show it again to whoever goes back: that asks anew. */
export function leave(to: string): void {
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) location.reload();
  });
  location.replace(to);
}
