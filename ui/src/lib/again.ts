import { missedStyles } from "./styles";
import { addressIn, allThere } from "./there";

/**
 * Asks for a module as often as it is wanted, with the styles it needs. Browsers made of Chromium remember for an
 * address that nothing came from it, as long as the page is there; so what is imported is there before, and what did not
 * come all the same is asked for under another address.
 */
export function asking<T>(load: () => Promise<T>): () => Promise<T> {
  const address = addressIn(load);
  let ask = load;
  return async () => {
    const waited = await missedStyles.bring();
    if (address !== undefined) await allThere(address);
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
