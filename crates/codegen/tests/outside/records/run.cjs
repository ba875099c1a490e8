// Performs the cases of `cases.json` by the compiled activities, and compares as the runner of Weir's own kinds does.
'use strict';
const fs = require('node:fs');
const http = require('node:http');
const os = require('node:os');
const path = require('node:path');
const { createActivities } = require('./out/activities.js');
const { PortError } = require('./out/host.js');

const NOW = Date.parse('2026-01-15T10:30:00Z');

/** Equal, but for members of objects that are not expected. */
function holds(found, expected) {
  if (Array.isArray(found) && Array.isArray(expected)) {
    return found.length === expected.length && found.every((item, place) => holds(item, expected[place]));
  }
  if (found && expected && typeof found === 'object' && typeof expected === 'object' && !Array.isArray(found)) {
    return Object.entries(expected).every(([key, value]) => Object.hasOwn(found, key) && holds(found[key], value));
  }
  return found === expected;
}

/** Answers what the case says, one exchange after the other, and remembers what came. */
async function standIn(exchanges) {
  const seen = [];
  const server = http.createServer((request, response) => {
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
      const { respond = {} } = exchanges[seen.length] ?? { respond: { status: 500 } };
      seen.push({ method: request.method, target: request.url, headers: request.headers, body: Buffer.concat(parts).toString() });
      const body = respond.json === undefined ? String(respond.body ?? '') : JSON.stringify(respond.json);
      if (respond.cut) {
        const lines = Object.entries(respond.headers ?? {}).map(([name, value]) => `${name}: ${value}\r\n`);
        request.socket.end(`HTTP/1.1 200 Said\r\n${lines.join('')}\r\n${body}`);
        return;
      }
      response.writeHead(respond.status ?? 200, respond.headers ?? {});
      response.end(body);
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  return { address: `127.0.0.1:${port}`, seen, close: () => new Promise((done) => (server.closeAllConnections(), server.close(done))) };
}

/** Puts the stand-in's address and sealed secrets into the places a case marks. */
function filled(value, base) {
  if (typeof value === 'string') {
    const parts = value.replaceAll('${standin}', base).split(/\$\{secret:([^}]*)\}/);
    if (parts.length === 1) return parts[0];
    return { $sealed: parts.map((part, place) => (place % 2 ? { secret: part } : part)).filter((part) => part !== '') };
  }
  if (Array.isArray(value)) return value.map((item) => filled(item, base));
  if (value && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, filled(item, base)]));
  return value;
}

function changed(port, current, op, value) {
  const reject = (what, of) => { throw new PortError(port, 'REJECTED', `cannot ${what} a value of type ${of === null ? 'null' : Array.isArray(of) ? 'array' : typeof of}`); };
  const add = (sign) => {
    if (typeof value !== 'number') reject('add', value);
    if (current !== null && typeof current !== 'number') reject('add to', current);
    return (current ?? 0) + sign * value;
  };
  switch (op) {
    case 'get': return current;
    case 'set': return value;
    case 'increment': return add(1);
    case 'decrement': return add(-1);
    case 'append':
      if (current === null) return [value];
      if (Array.isArray(current)) return [...current, value];
      if (typeof current === 'string' && typeof value === 'string') return current + value;
      return reject('append to', current);
    default: throw new Error(`nothing is known about ${op}`);
  }
}

/** Ports that live in memory, filled with what the case gives. */
function portsOf(given) {
  const variables = structuredClone(given.variables ?? {});
  const entries = new Map(Object.entries(given.memory?.entries ?? {}));
  const logged = [];
  const open = given.open ?? {};
  const others = { ...open.read, ...open.write };
  const ports = {
    attempt: () => given.attempt ?? 1,
    now: () => NOW,
    timeout: () => 600_000,
    signal: () => new AbortController().signal,
    heartbeat: (detail) => logged.push(detail),
    sleep: () => Promise.resolve(),
    secret: (name) => Promise.resolve(given.secrets?.[name]),
    log: (...entry) => logged.push(entry),
    changeVariable: async (_flow, change) => {
      if (change.through) {
        const { project, interface: name } = change.through;
        const known = project === open.project && name === open.interface && change.name in others;
        if (!known || (change.op !== 'get' && !(change.name in (open.write ?? {})))) {
          throw new PortError('VARIABLES', 'REJECTED', `there is no interface \`${name}\` of \`${project}\` that opens \`${change.name}\` to this flow`);
        }
        return (others[change.name] = changed('VARIABLES', others[change.name] ?? null, change.op, change.value));
      }
      const scope = (variables[change.scope] ??= {});
      const after = changed('VARIABLES', scope[change.name] ?? null, change.op, change.value);
      if (change.op !== 'get') scope[change.name] = after;
      return after;
    },
    changeMemory: async (flow, { name, op, value }) => {
      if (op === 'list') {
        return [...entries].filter(([key]) => key.startsWith(name)).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => ({ key, value }));
      }
      if (op === 'delete') return entries.delete(name), null;
      const after = changed('MEMORY', entries.get(name) ?? null, op, value);
      const size = [...entries, [name, after]].reduce((sum, [key, item]) => sum + key.length + JSON.stringify(item).length, 0);
      if (op !== 'get' && size > flow.memory) throw new PortError('MEMORY', 'FULL', 'the flow would remember more than its `limit`');
      if (op !== 'get') entries.set(name, after);
      return after;
    },
  };
  return { ports, variables, logged };
}

function settingsOf(given, address, folder) {
  const models = given.models && {
    routing: 'failover',
    retries: given.models.retries ?? 0,
    retryBaseDelayMs: 0,
    retryMaxDelayMs: 0,
    backends: (given.models.backends ?? []).map((backend) => ({ priority: 0, models: [], ...backend, baseUrl: backend.baseUrl?.replaceAll('${standin}', `http://${address}`) })),
  };
  return {
    project: 'p',
    service: 's',
    flow: 'f',
    egress: { hosts: [], allow: given.egress?.allow ?? [], private: [...(given.egress?.private ?? []), address] },
    ...(given.files && { files: folder }),
    ...(given.memory && { memory: given.memory.limit ?? Number.MAX_SAFE_INTEGER }),
    ...(models && { models }),
    testData: given.testData ?? null,
  };
}

async function check(test) {
  const given = test.given ?? {};
  const exchanges = given.http ?? [];
  const server = await standIn(exchanges);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'weir-records-'));
  for (const [name, content] of Object.entries(given.files ?? {})) {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    fs.writeFileSync(path.join(folder, name), content);
  }
  const { ports, variables, logged } = portsOf(given);
  const problems = [];
  try {
    const activities = createActivities(ports, settingsOf(given, server.address, folder));
    const step = { run: 'run-1', path: given.path ?? 'step', transcript: given.transcript };
    const params = filled(test.input, `http://${server.address}`);
    const result = await activities[test.kind](params, step).then((output) => ({ output }), (error) => ({ error }));
    const wanted = test.runnable ? test.expectedError : { code: 'KIND_NOT_RUNNABLE', message: '', retryable: false };
    if (wanted) {
      const told = result.error?.details?.[0] ?? {};
      const fits = told.code === wanted.code && result.error.type === wanted.code && told.message.includes(wanted.message)
        && (wanted.category ?? told.category) === told.category && (wanted.retryable ?? told.retryable) === told.retryable
        && result.error.nonRetryable === !told.retryable;
      if (!fits) problems.push(`${JSON.stringify(result.error?.details ?? result)} ${result.error?.stack ?? ''} is not ${JSON.stringify(wanted)}`);
    } else if (result.error || !holds(result.output, test.expectedOutput)) {
      problems.push(`${JSON.stringify(result.output ?? result.error?.details)} is not ${JSON.stringify(test.expectedOutput)}`);
    }
    if (!holds(variables, Object.fromEntries(Object.entries(test.expectedVariables ?? {}).filter(([, of]) => of && typeof of === 'object')))) {
      problems.push(`variables ${JSON.stringify(variables)} are not ${JSON.stringify(test.expectedVariables)}`);
    }
    if (test.runnable && server.seen.length !== exchanges.length) problems.push(`saw ${JSON.stringify(server.seen)}`);
    server.seen.forEach((seen, place) => {
      if (!holds(seen, exchanges[place]?.expect ?? {})) problems.push(`${JSON.stringify(seen)} is not ${JSON.stringify(exchanges[place].expect)}`);
    });
    for (const secret of Object.values(given.secrets ?? {})) if (JSON.stringify(logged).includes(secret)) problems.push('a secret was logged');
    if (fs.readdirSync(folder).some((name) => name.startsWith('.weir-'))) problems.push('a half-written file is left');
  } finally {
    await server.close();
    fs.rmSync(folder, { recursive: true });
  }
  return problems.map((problem) => `${test.kind}: ${test.name}: ${problem}`);
}

(async () => {
  const cases = JSON.parse(fs.readFileSync('cases.json', 'utf8'));
  const problems = [];
  for (const test of cases) problems.push(...(await check(test)));
  problems.forEach((problem) => console.log(problem));
  console.log(`${cases.length - problems.length} cases hold`);
  process.exitCode = problems.length === 0 ? 0 : 1;
})();
