/** What each script imports that has come, or is on its way: each is asked for once, whoever wants it. */
const imports = new Map<string, Promise<string[]>>();

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
export async function allThere(address: string, asked: Set<string> = new Set()): Promise<void> {
  if (asked.has(address)) return;
  asked.add(address);
  const found = imports.get(address) ?? importsOf(address);
  imports.set(address, found);
  try {
    await Promise.all((await found).map((one) => allThere(one, asked)));
  } catch (error) {
    await found.catch(() => imports.delete(address));
    throw error;
  }
}

async function importsOf(address: string): Promise<string[]> {
  const answer = await answerOf(address);
  if (answer.status === 404) throw new Outdated(address);
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  const text = (await answer.text()).slice(0, BEGINNING);
  return [...text.matchAll(IMPORTS)].map(([, name = ""]) => new URL(name, address).href);
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
