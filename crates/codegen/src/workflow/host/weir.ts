// What a host asks of the Weir server whose flow it runs, and what it tells.
const URL_OF_SERVER = needed('WEIR_SERVER', 'the address of the Weir server, such as https://weir.example.org');
const KEY = needed('WEIR_KEY', 'an API key with flows.read and flows.deploy');
/** The flow's id. */
export const FLOW = needed('WEIR_FLOW', 'the id of the flow, as `weir flows ls` shows it');

/** Code that the compilers passed, text by file name. */
export type Code = { number: number; hash: string; files: Map<string, string> };

/** How a host is. */
export type Report = {
  state: 'starting' | 'running' | 'failed' | 'stopped';
  compilation?: number;
  finishing: number[];
  error?: string;
};

/** The server refuses, and will do so again. */
export class Refused extends Error {}

function needed(variable: string, what: string): string {
  const text = process.env[variable] ?? '';
  if (text !== '') return text;
  console.error(`set ${variable}: ${what}`);
  process.exit(1);
}

/** The newest code after the one of this number, or nothing within so many seconds. */
export async function newest(after: number, seconds: number): Promise<Code | undefined> {
  return codeOf(await ask('GET', `code?after=${after}&wait=${seconds}`, undefined, seconds));
}

/** The code of this number. */
export async function compiled(number: number): Promise<Code | undefined> {
  return codeOf(await ask('GET', `compilations/${number}/code`));
}

export async function report(host: string, told: Report): Promise<void> {
  await ask('PUT', `hosts/${encodeURIComponent(host)}`, told);
}

async function ask(method: string, path: string, body?: Report, seconds = 0): Promise<unknown> {
  const url = `${URL_OF_SERVER.replace(/\/+$/u, '')}/api/flows/${encodeURIComponent(FLOW)}/${path}`;
  const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };
  const signal = AbortSignal.timeout((seconds + 30) * 1000);
  const answer = await fetch(url, { method, headers, signal, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  if (answer.ok) return answer.status === 204 ? undefined : answer.json();
  const said = `${method} ${url}: ${answer.status} ${(await answer.text()).slice(0, 1000)}`;
  throw [401, 403, 404].includes(answer.status) ? new Refused(said) : new Error(said);
}

function isObject(value: unknown): value is { [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What came as code, with names of files that lead nowhere else. */
function codeOf(answer: unknown): Code | undefined {
  if (answer === undefined) return undefined;
  if (!isObject(answer) || !isObject(answer['compilation']) || !isObject(answer['files'])) throw unreadable();
  const { number, hash } = answer['compilation'];
  if (typeof number !== 'number' || typeof hash !== 'string' || !/^[0-9a-f]+$/u.test(hash)) throw unreadable();
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
