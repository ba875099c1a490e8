/** Scripts that have come, or are there to be had at once, with all they import. */
const had = new Set<string>();

/** A server that answers has it no more: another program runs there than the one this page came from. */
export class Outdated extends Error {
  constructor(address: string) {
    super(`${address} is there no more`);
  }
}

/** What a script of ours imports stands at its beginning. */
const BEGINNING = 20_000;
const IMPORTS = /(?:from|import) ?"(\.\/[\w.-]+\.js)"/g;

/** The address in a function that imports one script, as the build writes it; none where nothing was built. */
export function addressIn(load: () => unknown): string | undefined {
  const [, name] = /import\([`"'](\.\/[\w.-]+\.js)[`"']\)/.exec(String(load)) ?? [];
  return name === undefined ? undefined : new URL(name, import.meta.url).href;
}

/** A server that takes a question and says nothing for so long says nothing any more. */
const PATIENCE = 30_000;

/**
 * Asks for a script and all it imports, which the browser keeps, before any is imported. A browser made of Chromium
 * remembers of a script that is imported and does not come that there is none, for as long as the page is there; of one
 * that is only asked for it does not. Fails where one does not come.
 */
export async function allThere(address: string): Promise<void> {
  const asked = new Set<string>();
  await walk(address, asked);
  // Not before all have come: one may have been passed over for another that was still asking for what both import.
  for (const one of asked) had.add(one);
}

async function walk(address: string, asked: Set<string>): Promise<void> {
  if (had.has(address) || asked.has(address)) return;
  asked.add(address);
  const answer = await answerOf(address);
  if (answer.status === 404) throw new Outdated(address);
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  const text = (await answer.text()).slice(0, BEGINNING);
  await Promise.all([...text.matchAll(IMPORTS)].map(([, name = ""]) => walk(new URL(name, address).href, asked)));
}

/** What is on its way may take its time, once it has begun. */
async function answerOf(address: string): Promise<Response> {
  const asking = new AbortController();
  const timer = setTimeout(() => asking.abort(new Error(`${address}: no answer`)), PATIENCE);
  try {
    return await fetch(address, { signal: asking.signal });
  } finally {
    clearTimeout(timer);
  }
}
