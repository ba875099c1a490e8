/** The one way out: a flow reaches the hosts it names or declares, and private addresses only where it says so. */
import { lookup } from 'node:dns';
import * as http from 'node:http';
import * as https from 'node:https';
import { BlockList, LookupFunction, isIP } from 'node:net';
import { FlowSettings, TaskContext, TaskError } from './host';

const LARGEST = 16 * 1024 * 1024;
const MOST_REDIRECTS = 5;
const OWN_HEADERS = ['host', 'content-length', 'transfer-encoding', 'connection', 'upgrade', 'te', 'trailer', 'expect', 'keep-alive'];

export type HttpCall = {
  method: string;
  url: URL;
  /** Names in lower case. */
  headers: Map<string, string>;
  /** Names of headers that do not travel to another host. */
  sensitive: Set<string>;
  body: Buffer;
  timeoutMs: number;
  followRedirects: boolean;
};

export type HttpAnswer = {
  status: number;
  /** Names in lower case, in the order they came. */
  headers: [string, string][];
  url: URL;
  body: http.IncomingMessage;
  deadline: number;
  timeoutMs: number;
};

export function newCall(method: string, url: string): HttpCall {
  const parsed = parseUrl(url);
  return { method, url: parsed, headers: new Map(), sensitive: new Set(), body: Buffer.alloc(0), timeoutMs: 30_000, followRedirects: true };
}

/** Sets a header, in place of an earlier one of the same name. */
export function setHeader(call: HttpCall, name: string, value: string, sensitive = false): void {
  const lower = name.toLowerCase();
  const wrong = (what: string): TaskError => new TaskError('input', 'EGRESS_INVALID_REQUEST', `header \`${name}\` ${what}`);
  if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(lower)) throw wrong('is not a header name');
  if (OWN_HEADERS.includes(lower) || lower.startsWith('proxy-')) throw wrong('is set by the connection and cannot be given');
  if (/[^\t\x20-\x7e\x80-\uffff]/.test(value)) throw wrong('has a value with characters that are not allowed');
  call.headers.set(lower, value);
  if (sensitive) call.sensitive.add(lower);
}

/** Sends a request and gives the answer, whatever its status; each redirect is checked like the first place. */
export async function send(cx: TaskContext, call: HttpCall, hosts: string[] = []): Promise<HttpAnswer> {
  const deadline = Date.now() + call.timeoutMs;
  const policy = { ...cx.flow.egress, hosts: [...cx.flow.egress.hosts, ...hosts] };
  let current = call;
  for (let hop = 0; hop <= MOST_REDIRECTS; hop += 1) {
    const answer = await sendOnce(cx, current, policy, deadline);
    const location = header(answer, 'location');
    if (location === undefined || !current.followRedirects || ![301, 302, 303, 307, 308].includes(answer.status)) return answer;
    answer.body.destroy();
    current = redirected(current, answer.status, location);
  }
  throw new TaskError('upstream', 'EGRESS_TOO_MANY_REDIRECTS', `more than ${MOST_REDIRECTS} redirects`);
}

export function header(answer: HttpAnswer, name: string): string | undefined {
  return answer.headers.find(([known]) => known === name)?.[1];
}

/** The body in pieces, no more of it than allowed and no longer than allowed. */
export async function* chunks(answer: HttpAnswer): AsyncGenerator<Buffer> {
  let read = 0;
  const timer = setTimeout(() => answer.body.destroy(timedOut(answer.timeoutMs)), Math.max(0, answer.deadline - Date.now()));
  try {
    for await (const chunk of answer.body) {
      const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
      read += bytes.length;
      if (read > LARGEST) throw new TaskError('limit', 'EGRESS_TOO_LARGE', `the response is larger than ${LARGEST} bytes`);
      yield bytes;
    }
    if (!answer.body.complete) throw interrupted(answer.url.hostname, 'it ended before its end');
  } catch (error) {
    throw error instanceof TaskError ? error : interrupted(answer.url.hostname, reasonOf(error));
  } finally {
    clearTimeout(timer);
    answer.body.destroy();
  }
}

export async function wholeBody(answer: HttpAnswer): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of chunks(answer)) parts.push(part);
  return Buffer.concat(parts);
}

/** What an HTTP status means for a step. */
export function statusError(code: string, message: string, answer: HttpAnswer, now: number): TaskError {
  const error = new TaskError(statusCategory(answer.status), code, message, isTransient(answer.status));
  const wait = header(answer, 'retry-after');
  error.retryAfterMs = wait === undefined ? undefined : retryAfter(wait, now);
  return error;
}

export function statusCategory(status: number): 'auth' | 'timeout' | 'rate_limit' | 'upstream' {
  if ([401, 403, 407].includes(status)) return 'auth';
  if ([408, 504].includes(status)) return 'timeout';
  return status === 429 ? 'rate_limit' : 'upstream';
}

/** Another attempt may get another answer. */
export function isTransient(status: number): boolean {
  return [408, 425, 429, 500, 502, 503, 504, 529].includes(status);
}

const DAY = 86_400_000;

/** Whole seconds or an HTTP date, as milliseconds from now, at most a day. */
function retryAfter(value: string, now: number): number | undefined {
  const text = value.trim();
  if (/^[0-9]+$/.test(text)) return Math.min(Number(text) * 1_000, DAY);
  const date = /^[A-Za-z]{3},/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.min(Math.max(0, date - now), DAY);
}

function parseUrl(text: string, base?: URL): URL {
  try {
    return new URL(text, base);
  } catch (error) {
    throw new TaskError('input', 'EGRESS_INVALID_URL', `not a URL: ${reasonOf(error)}`);
  }
}

function sendOnce(cx: TaskContext, call: HttpCall, policy: FlowSettings['egress'], deadline: number): Promise<HttpAnswer> {
  const { url } = call;
  const isPrivate = route(policy, url) === 'private';
  const host = url.hostname;
  return new Promise<HttpAnswer>((resolve, reject) => {
    const module = url.protocol === 'https:' ? https : http;
    const request = module.request(url, {
      method: call.method,
      headers: { 'user-agent': 'weir', ...Object.fromEntries(call.headers), ...(call.body.length > 0 ? { 'content-length': call.body.length } : {}) },
      agent: false,
      signal: cx.signal,
      lookup: isPrivate ? undefined : openOnly,
    });
    const timer = setTimeout(() => request.destroy(timedOut(call.timeoutMs)), Math.max(0, deadline - Date.now()));
    request.once('response', (body) => {
      clearTimeout(timer);
      const names = body.rawHeaders.filter((_, place) => place % 2 === 0);
      const headers = names.map((name, place): [string, string] => [name.toLowerCase(), body.rawHeaders[2 * place + 1] ?? '']);
      resolve({ status: body.statusCode ?? 0, headers, url, body, deadline, timeoutMs: call.timeoutMs });
    });
    request.once('error', (error) => {
      clearTimeout(timer);
      reject(explained(error, host, request.socket?.connecting ?? true));
    });
    request.end(call.body);
  });
}

function explained(error: Error, host: string, connecting: boolean): Error {
  if (error instanceof TaskError) return error;
  if (error instanceof PrivateAddress) return privateAddress(host, error.address);
  if (error.name === 'AbortError') return error;
  return connecting ? new TaskError('network', 'EGRESS_CONNECT', `cannot reach \`${host}\`: ${error.message}`) : interrupted(host, error.message);
}

function interrupted(host: string, reason: string): TaskError {
  return new TaskError('network', 'EGRESS_INTERRUPTED', `the connection to \`${host}\` broke: ${reason}`);
}

function timedOut(millis: number): TaskError {
  return new TaskError('timeout', 'EGRESS_TIMEOUT', `no answer within ${millis}ms`);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

class PrivateAddress extends Error {
  constructor(readonly address: string) {
    super(`${address} is a private address`);
  }
}

function privateAddress(host: string, address: string): TaskError {
  return new TaskError('denied', 'EGRESS_PRIVATE_ADDRESS', `\`${host}\` is at the private address ${address}; to allow it, add \`${host}\` to \`settings.egress.private\``);
}

/** Looks a name up and refuses it where an address of it is not of the open internet. */
const openOnly: LookupFunction = (name, options, done) => {
  lookup(name, { ...options, all: true }, (error, addresses) => {
    const inner = addresses?.find(({ address }) => !isGlobal(address));
    if (error !== null) done(error, []);
    else if (inner !== undefined) done(new PrivateAddress(inner.address), []);
    else if (options.all === true) done(null, addresses);
    else done(null, addresses[0]?.address ?? '', addresses[0]?.family ?? 4);
  });
};

/** Decides whether a flow may go there, and whether private addresses are meant. */
function route(policy: FlowSettings['egress'], url: URL): 'open' | 'private' {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new TaskError('input', 'EGRESS_INVALID_URL', `\`${url.protocol.slice(0, -1)}\` is not http or https`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new TaskError('input', 'EGRESS_INVALID_URL', 'a URL may not hold a user name or password; use `auth`');
  }
  const host = url.hostname;
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  if (policy.private.some((entry) => matches(entry, host, port, false))) return 'private';
  const literal = host.replace(/^\[|\]$/g, '');
  if (isIP(literal) !== 0 && !isGlobal(literal)) throw privateAddress(host, literal);
  const allowed = policy.hosts.some((entry) => matches(entry, host, port, false)) || policy.allow.some((entry) => matches(entry, host, port, true));
  if (allowed) return 'open';
  throw new TaskError('denied', 'EGRESS_DENIED', `the flow may not connect to \`${host}\`; to allow it, add \`${host}\` to \`settings.egress.allow\``);
}

function matches(entry: string, host: string, port: number, patterns: boolean): boolean {
  const [name, wanted] = splitPort(entry.trim());
  if (wanted !== undefined && wanted !== port) return false;
  if (patterns && name === '*') return true;
  const plain = host.replace(/\.$/, '');
  if (patterns && name.startsWith('*.')) return plain.endsWith(name.slice(1).toLowerCase()) && plain.length > name.length - 1;
  return normalHost(name) === plain;
}

function splitPort(entry: string): [name: string, port: number | undefined] {
  const found = /^(.*):([0-9]+)$/.exec(entry);
  const name = found?.[1] ?? entry;
  return found === null || (name.includes(':') && !name.endsWith(']')) ? [entry, undefined] : [name, Number(found[2])];
}

/** As a browser writes it: `127.1` and `0x7f000001` are both `127.0.0.1`, and names have no case. */
function normalHost(name: string): string | undefined {
  try {
    return new URL(`http://${name.includes(':') && !name.startsWith('[') ? `[${name}]` : name}/`).hostname.replace(/\.$/, '');
  } catch {
    return undefined;
  }
}

const SPECIAL = new BlockList();
for (const range of '0.0.0.0/8 10.0.0.0/8 127.0.0.0/8 100.64.0.0/10 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/3'.split(' ')) {
  const [address, prefix] = range.split('/');
  SPECIAL.addSubnet(address ?? '', Number(prefix), 'ipv4');
}

/** Whether an address belongs to the open internet, in whatever spelling. */
export function isGlobal(address: string): boolean {
  if (isIP(address) === 4) return !SPECIAL.check(address, 'ipv4');
  const groups = groupsOf(address);
  const inner = embedded(groups);
  if (inner !== undefined) return isGlobal(inner);
  const [first = 0, second = 0] = groups;
  if (first < 0x2000 || first >= 0x4000) return false;
  if (first === 0x2001 && (second <= 0x01ff || second === 0x0db8)) return false;
  return !(first === 0x3fff && second <= 0x0fff);
}

/** The eight groups of an IPv6 address. */
function groupsOf(address: string): number[] {
  const text = (normalHost(address) ?? '').replace(/^\[|\]$/g, '');
  const [head = '', tail] = text.split('::');
  const numbers = (part: string): number[] => (part === '' ? [] : part.split(':').map((group) => parseInt(group, 16)));
  const [before, after] = [numbers(head), tail === undefined ? [] : numbers(tail)];
  return tail === undefined ? before : [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after];
}

/** The IPv4 address inside an IPv4-mapped, NAT64 or 6to4 address. */
function embedded(groups: number[]): string | undefined {
  const v4 = (high = 0, low = 0): string => [high >> 8, high & 255, low >> 8, low & 255].join('.');
  const begins = (...prefix: number[]): boolean => prefix.every((group, place) => groups[place] === group);
  if (begins(0, 0, 0, 0, 0, 0xffff) || begins(0x64, 0xff9b, 0, 0, 0, 0)) return v4(groups[6], groups[7]);
  return begins(0x2002) ? v4(groups[1], groups[2]) : undefined;
}

/** The call that follows a redirect. Credentials stay behind when host, port or scheme change. */
function redirected(call: HttpCall, status: number, location: string): HttpCall {
  const url = parseUrl(location, call.url);
  const kept = ([name]: [string, string]): boolean => call.url.origin === url.origin || !(call.sensitive.has(name) || name === 'authorization' || name === 'cookie');
  const headers = new Map(Array.from(call.headers).filter(kept));
  const toGet = (status === 303 && call.method !== 'HEAD') || ((status === 301 || status === 302) && call.method === 'POST');
  if (!toGet) return { ...call, url, headers };
  for (const name of ['content-type', 'content-encoding', 'content-language']) headers.delete(name);
  return { ...call, url, headers, method: 'GET', body: Buffer.alloc(0) };
}
