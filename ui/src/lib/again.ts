import { missedStyles } from "./styles";

/**
 * Asks for a module as often as it is wanted, with the styles it needs. Browsers made of Chromium remember for an
 * address that nothing came from it, as long as the page is there; so what did not come is asked for under another one.
 * Scripts it needs in turn and did not come either stay away until the page is loaded anew.
 */
export function asking<T>(load: () => Promise<T>): () => Promise<T> {
  let ask = load;
  return async () => {
    const waited = await missedStyles.bring();
    try {
      return await ask();
    } catch (error) {
      const other = after<T>(error);
      if (other) ask = other;
      // While its styles stayed away, nothing told that its script did so too.
      if (other && waited) return await other();
      throw error;
    }
  };
}

/** How it is asked for once it has failed so; some browsers name no address, and ask again by themselves. */
function after<T>(error: unknown): (() => Promise<T>) | undefined {
  const text = String(error);
  const [sheet] = /\S+\.css$/.exec(text) ?? [];
  if (sheet) missedStyles.note(sheet);
  const [address] = /\w+:\S+\.js$/.exec(text) ?? [];
  let times = 0;
  return address === undefined ? undefined : () => import(/* @vite-ignore */ `${address}?again=${(times += 1)}`) as Promise<T>;
}
