// Starts runs, does to them what a case says, and tells how they ended: a line of JSON in, a line of JSON out.
// Arguments: address, namespace. Ends with the process that holds its standard input.
const { createInterface } = require('node:readline');
const { ActivityFailure, ApplicationFailure, CancelledFailure, Client, Connection, TerminatedFailure, TimeoutFailure } =
  require('@temporalio/client');

const LOOK = 40;
/** How long nothing may happen before a run counts as settled: with nothing to do, and with something at work. */
const [CALM, QUIET] = [2 * LOOK, 2_000];
/** How often a workflow may break before it is given up; Temporal itself would try for ever. */
const BREAKS = 3;
const PATIENCE = 55_000;

const sleep = (millis) => new Promise((done) => setTimeout(done, millis));

async function main([address, namespace]) {
  const connection = await Connection.connect({ address, connectTimeout: '30s' });
  const client = new Client({ connection, namespace });
  process.stdout.write('works\n');
  for await (const line of createInterface({ input: process.stdin })) void answer(client, JSON.parse(line));
  process.exit(0);
}

async function answer(client, { id, act, ...given }) {
  const told = await ACTS[act](client, given).then(
    (value) => ({ id, value: value ?? null }),
    (error) => ({ id, error: said(error) }),
  );
  process.stdout.write(`${JSON.stringify(told)}\n`);
}

const said = (error) => [error.message, error.cause?.message].filter(Boolean).join(': ');

const ACTS = { start, settle, over, signal, cancel, end, result };

async function start(client, { run, type, queue, input }) {
  await persist(() => client.workflow.start(type, { workflowId: run, taskQueue: queue, args: [input] }));
}

async function signal(client, { run, name, payload }) {
  await persist(() => client.workflow.getHandle(run).signal(name, payload));
}

async function cancel(client, { run }) {
  await persist(() => client.workflow.getHandle(run).cancel());
}

/** A server that was killed is there again soon, and a new namespace is not known at once. */
async function persist(call) {
  for (const until = Date.now() + PATIENCE; ; await sleep(LOOK)) {
    try {
      return await call();
    } catch (error) {
      const passes = /namespace|unavailable|deadline|connect/i.test(said(error));
      if (!passes || Date.now() > until) throw error;
    }
  }
}

async function over(client, { run }) {
  const seen = await persist(() => client.workflow.getHandle(run).describe());
  return seen.status.name !== 'RUNNING';
}

/** Waits until the run is over or waits; answers whether it is over. */
async function settle(client, { run }) {
  const handle = client.workflow.getHandle(run);
  let [length, since] = [-1, Date.now()];
  for (; ; await sleep(LOOK)) {
    const seen = await persist(() => handle.describe());
    if (seen.status.name !== 'RUNNING') return true;
    await refuseBroken(handle, seen);
    if (seen.historyLength !== length) [length, since] = [seen.historyLength, Date.now()];
    const busy = (seen.raw.pendingActivities ?? []).length > 0 || seen.raw.pendingWorkflowTask;
    if (Date.now() - since > (busy ? QUIET : CALM)) return false;
  }
}

/** A workflow that breaks is broken for good: the same code meets the same history again. */
async function refuseBroken(handle, seen) {
  if ((seen.raw.pendingWorkflowTask?.attempt ?? 0) < BREAKS) return;
  const history = await handle.fetchHistory();
  const failed = (history.events ?? []).filter((event) => event.workflowTaskFailedEventAttributes).pop();
  const failure = failed?.workflowTaskFailedEventAttributes?.failure;
  const stack = (failure?.stackTrace ?? '').split('\n').slice(0, 4).join(' ').trim();
  throw new Error(`the workflow breaks: ${failure?.message ?? 'nobody knows why'} ${stack}`);
}

async function result(client, { run }) {
  return client.workflow.getHandle(run).result();
}

/** How the run ended, with its variables and its trace. */
async function end(client, { run }) {
  const handle = client.workflow.getHandle(run);
  const watch = new AbortController();
  const result = await Promise.race([ended(handle), watchful(handle, watch.signal)]).finally(() => watch.abort());
  const [steps, variables] = [await ask(handle, 'trace'), await ask(handle, 'variables')];
  return { ...result, variables: variables ?? result.variables ?? null, steps: steps ?? [] };
}

async function watchful(handle, signal) {
  for (; !signal.aborted; await sleep(250)) {
    const seen = await handle.describe().catch(() => undefined);
    if (seen !== undefined && seen.status.name === 'RUNNING') await refuseBroken(handle, seen);
  }
  return new Promise(() => undefined);
}

/** The answer to a query; none where the workflow knows no such query. */
async function ask(handle, name) {
  try {
    return await persist(() => handle.query(name));
  } catch (error) {
    if (/did not find a handler/i.test(said(error))) return undefined;
    throw error;
  }
}

async function ended(handle) {
  try {
    const { status, output, variables } = await persist(() => handle.result());
    return { status, error: null, output: output ?? null, variables };
  } catch (error) {
    return failed(error.cause ?? error);
  }
}

function failed(cause) {
  if (cause instanceof CancelledFailure) return { status: 'cancelled', error: null, output: null };
  if (cause instanceof TimeoutFailure) return { status: 'timed_out', error: null, output: null };
  if (cause instanceof ApplicationFailure) {
    const told = cause.details?.[0];
    return { status: told?.status ?? 'failed', error: cause.type ?? null, output: told?.output ?? null };
  }
  if (cause instanceof TerminatedFailure || cause instanceof ActivityFailure) throw new Error(cause.message);
  throw cause;
}

main(process.argv.slice(2)).catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
