/**
 * Asks for a module as often as it is wanted. Browsers made of Chromium remember for an address that nothing came from
 * it, as long as the page is there; so what did not come is asked for under another one. What it needs in turn and did
 * not come either stays away until the page is loaded anew.
 */
export function asking<T>(load: () => Promise<T>): () => Promise<T> {
  let ask = load;
  return async () => {
    try {
      return await ask();
    } catch (error) {
      if (ask === load) ask = after(error) ?? load;
      throw error;
    }
  };
}

/** How it is asked for once it has failed so; some browsers name no address, and ask again by themselves. */
function after<T>(error: unknown): (() => Promise<T>) | undefined {
  const text = String(error);
  // What imports it believes its styles to be there from then on.
  if (text.endsWith(".css")) return () => Promise.reject(error);
  const [address] = /\w+:\S+\.js$/.exec(text) ?? [];
  let times = 0;
  return address === undefined ? undefined : () => import(/* @vite-ignore */ `${address}?again=${(times += 1)}`) as Promise<T>;
}
