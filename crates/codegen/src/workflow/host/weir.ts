// What a host asks of the Weir server whose flows it runs, and what it tells.
const URL_OF_SERVER = needed('WEIR_SERVER', 'the address of the Weir server, such as https://weir.example.org');
const KEY = needed('WEIR_KEY', 'an API key with hosts.serve');
const [PROJECT, FLOW] = [process.env['WEIR_PROJECT'] ?? '', process.env['WEIR_FLOW'] ?? ''];
if ((PROJECT === '') === (FLOW === '')) {
  refuse('set WEIR_PROJECT, the name of a project whose flows are run, or WEIR_FLOW, the id of one flow, and not both');
}

/** What this host runs, as its paths begin. */
const MINE = FLOW === '' ? `projects/${encodeURIComponent(PROJECT)}` : `flows/${encodeURIComponent(FLOW)}`;

/** Code that the compilers passed, text by file name. */
export type Code = { number: number; hash: string; files: Map<string, string> };

/** Which code it is. A number alone may be that of other code, where a server was set up again from a backup. */
export type Newest = { number: number; hash: string };

/** The newest code by flow, none of one that is gone; and what to send the next time as what is known. */
export type Wanted = { known: string; flows: Map<string, Newest | undefined> };

/** The task queue from which Weir's own worker takes steps of these kinds, and whether nobody takes work from there. */
export type Needs = { queue: string; kinds: string[]; missing: boolean };

/** How one flow is here. */
export type FlowReport = {
  state: 'starting' | 'running' | 'failed' | 'stopped';
  compilation?: number;
  hash?: string;
  finishing: number[];
  needs?: Needs;
  error?: string;
};

/** How a host is. */
export type Report = { state: FlowReport['state']; error?: string; flows: Map<string, FlowReport> };

/** The server refuses, and will do so again. */
export class Refused extends Error {}

/** There is nothing of this name. */
class Missing extends Error {}

const GONE = 'gone';

/** Whether this host runs one flow alone. */
export const isOfOne = FLOW !== '';

function needed(variable: string, what: string): string {
  const text = process.env[variable] ?? '';
  return text === '' ? refuse(`set ${variable}: ${what}`) : text;
}

function refuse(why: string): never {
  console.error(why);
  process.exit(1);
}

/** Which code is the newest, or nothing where within so many seconds it is only what is known. */
export async function newest(known: string | undefined, seconds: number): Promise<Wanted | undefined> {
  if (isOfOne) return newestOfOne(known ?? '', seconds);
  const asked = known === undefined ? '' : `known=${encodeURIComponent(known)}&`;
  try {
    return wantedOf(await ask('GET', `${MINE}/code?${asked}wait=${seconds}`, undefined, seconds));
  } catch (error) {
    throw error instanceof Missing ? new Refused(error.message) : error;
  }
}

/** What is known of one flow is its code, or that it is gone. That is told at once, so it is asked a little later. */
async function newestOfOne(known: string, seconds: number): Promise<Wanted | undefined> {
  if (known === GONE) await new Promise((resolve) => setTimeout(resolve, 5000));
  const answer = await codeAfter(FLOW, known === GONE ? '' : known, seconds);
  if (answer === undefined) return undefined;
  if (answer === GONE) return { known: GONE, flows: new Map([[FLOW, undefined]]) };
  return { known: `after=${answer.number}&hash=${answer.hash}&`, flows: new Map([[FLOW, answer]]) };
}

/** Which code of a flow is the newest now; none of one that is gone. */
export async function newestOf(flow: string): Promise<Newest | undefined> {
  const found = await codeAfter(flow, '', 0);
  return found === GONE ? undefined : found;
}

/** `known` is how the code that is known is named in a query, or nothing. */
async function codeAfter(flow: string, known: string, seconds: number): Promise<Code | typeof GONE | undefined> {
  const path = `flows/${encodeURIComponent(flow)}/code?${known}wait=${seconds}`;
  try {
    const answer = await ask('GET', path, undefined, seconds);
    return answer === undefined ? undefined : codeOf(answer);
  } catch (error) {
    if (error instanceof Missing) return GONE;
    throw error;
  }
}

/** The code of this number. */
export async function compiled(flow: string, number: number): Promise<Code> {
  return codeOf(await ask('GET', `flows/${encodeURIComponent(flow)}/compilations/${number}/code`));
}

/** Says how this host is: of a flow alone, or of every flow of the project. */
export async function report(host: string, told: Report): Promise<void> {
  const { state, error } = told;
  const only = told.flows.get(FLOW) ?? { state, finishing: [] };
  const body = FLOW === '' ? { ...told, flows: Object.fromEntries(told.flows) } : { ...only, state, ...(error === undefined ? {} : { error }) };
  await ask('PUT', `${MINE}/hosts/${encodeURIComponent(host)}`, body).catch((error: unknown) => {
    // That what it runs is gone is told where it asks for code, and its runs go on.
    if (!(error instanceof Missing)) throw error;
  });
}

async function ask(method: string, path: string, body?: object, seconds = 0): Promise<unknown> {
  const url = `${URL_OF_SERVER.replace(/\/+$/u, '')}/api/${path}`;
  const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };
  const signal = AbortSignal.timeout((seconds + 30) * 1000);
  const answer = await fetch(url, { method, headers, signal, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  if (answer.ok) return answer.status === 204 ? undefined : answer.json();
  const said = `${method} ${url}: ${answer.status} ${(await answer.text()).slice(0, 1000)}`;
  if (answer.status === 404) throw new Missing(said);
  throw [401, 403].includes(answer.status) ? new Refused(said) : new Error(said);
}

function isObject(value: unknown): value is { [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function wantedOf(answer: unknown): Wanted | undefined {
  if (answer === undefined) return undefined;
  if (!isObject(answer) || typeof answer['revision'] !== 'string' || !Array.isArray(answer['flows'])) throw unreadable();
  const found: unknown[] = answer['flows'];
  const flows = new Map<string, Newest | undefined>();
  for (const one of found) {
    if (!isObject(one) || typeof one['flow'] !== 'string') throw unreadable();
    flows.set(one['flow'], one['ending'] === true ? undefined : newestIn(one));
  }
  return { known: answer['revision'], flows };
}

function newestIn({ number, hash }: { [name: string]: unknown }): Newest {
  if (typeof number !== 'number' || typeof hash !== 'string' || !/^[0-9a-f]+$/u.test(hash)) throw unreadable();
  return { number, hash };
}

/** What came as code, with names of files that lead nowhere else. */
function codeOf(answer: unknown): Code {
  if (!isObject(answer) || !isObject(answer['compilation']) || !isObject(answer['files'])) throw unreadable();
  const { number, hash } = newestIn(answer['compilation']);
  const files = new Map<string, string>();
  for (const [name, text] of Object.entries(answer['files'])) {
    if (typeof text !== 'string' || !/^\w[\w-]*\.(?:ts|json|md)$/u.test(name)) throw unreadable();
    files.set(name, text);
  }
  return { number, hash, files };
}

function unreadable(): Error {
  return new Error('the server answered with something that is no code; is it of another version?');
}
