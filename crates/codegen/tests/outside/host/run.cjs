// Follows flows with the host's own code, where Temporal, the server and the workers are what a case says they are.
const assert = require('node:assert/strict');
Object.assign(process.env, { WEIR_SERVER: 'http://127.0.0.1:9', WEIR_KEY: 'k', WEIR_PROJECT: 'p' });
const deployments = require('./out/deployments.js');
const versions = require('./out/versions.js');
const weir = require('./out/weir.js');
const { Following } = require('./out/following.js');

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);
const buildOf = deployments.buildOf;

/** What happens, in order, and what is there. */
let seen, inUse, code, newest, hold, started;
function fresh() {
  [seen, inUse, code, newest, hold, started] = [[], [], new Map(), undefined, undefined, []];
}

deployments.Deployment.prototype.inUse = async () => [...inUse];
deployments.Deployment.prototype.use = async (build) => {
  seen.push(`use ${build}`);
  if (hold !== undefined) await hold;
  return true;
};
versions.built = () => undefined;
versions.build = async (name) => (seen.push(`build ${name}`), name);
versions.WorkerProcess = class {
  constructor(build) {
    this.build = build;
  }
  async start() {
    seen.push(`start ${this.build}`);
    started.push(this);
  }
  async stop() {
    seen.push(`stop ${this.build}`);
  }
};
weir.compiled = async (_flow, number) => ({ number, hash: code.get(number), files: new Map() });
weir.newestOf = async () => newest;

async function theSameNumberMayBeOtherCode() {
  const flow = new Following('f');
  code.set(1, A);
  flow.want({ number: 1, hash: A });
  await flow.step();
  inUse = [buildOf(1, A)];
  flow.want(undefined);
  await flow.step();
  assert.deepEqual(flow.told(), { state: 'running', finishing: [1] }, 'a flow that is gone makes nobody wait');
  code.set(1, B);
  flow.want({ number: 1, hash: B });
  assert.equal(flow.behind, true);
  await flow.step();
  assert.deepEqual(flow.told(), { state: 'running', finishing: [1], compilation: 1, hash: B });
  assert.ok(seen.includes(`start ${buildOf(1, B)}`) && seen.at(-1) === `use ${buildOf(1, B)}`, String(seen));
}

async function runsNeverGoOnWithOtherCode() {
  const flow = new Following('f');
  inUse = [buildOf(1, A)];
  code.set(1, B);
  flow.want(undefined);
  await flow.step();
  assert.equal(flow.told().state, 'failed');
  assert.match(flow.told().error, /other code as number 1/);
  assert.ok(!seen.some((one) => one.startsWith('build')), String(seen));
  assert.equal(flow.over, false);
}

async function runsThatHaveBegunComeFirst() {
  const flow = new Following('f');
  inUse = [buildOf(1, A)];
  code.set(1, A).set(2, B);
  flow.want({ number: 2, hash: B });
  await flow.step();
  const starts = seen.filter((one) => one.startsWith('start'));
  assert.deepEqual(starts, [`start ${buildOf(1, A)}`, `start ${buildOf(2, B)}`]);
}

async function whoWaitsForTemporalHoldsUpNobody() {
  let go;
  hold = new Promise((resolve) => (go = resolve));
  code.set(1, A);
  const steps = Array.from({ length: 9 }, (_, index) => {
    const flow = new Following(`f${index}`);
    flow.want({ number: 1, hash: A });
    return flow.step();
  });
  for (let turn = 0; turn < 1000 && seen.filter((one) => one.startsWith('use')).length < 9; turn += 1) await null;
  assert.equal(seen.filter((one) => one.startsWith('use')).length, 9);
  go();
  await Promise.all(steps);
}

async function whatStepsWaitForIsToldAndNoFailure() {
  const flow = new Following('f');
  code.set(1, A);
  flow.want({ number: 1, hash: A });
  await flow.step();
  const [worker] = started;
  worker.needs = { queue: 'weir', kinds: ['lab.probe', 'lab.other'], missing: true };
  const error = 'nobody takes work from the task queue weir: steps of lab.probe, lab.other wait for a weir worker';
  assert.deepEqual(flow.told(), { state: 'running', finishing: [], compilation: 1, hash: A, needs: worker.needs, error });
  inUse = [buildOf(1, A)];
  code.set(2, B);
  flow.want({ number: 2, hash: B });
  await flow.step();
  assert.equal(flow.told().error, error, 'runs that have begun wait, too');
  worker.needs = { ...worker.needs, missing: false };
  assert.deepEqual(flow.told(), { state: 'running', finishing: [1], compilation: 2, hash: B });
}

async function whatFailedIsTriedLaterEachTime() {
  const now = Date.now;
  let time = 0;
  Date.now = () => time;
  const flow = new Following('f');
  code.set(1, B);
  flow.want({ number: 1, hash: A });
  const tried = [];
  for (time = 0; time < 60_000; time += 1000) if (await flow.step()) tried.push(time / 1000);
  Date.now = now;
  assert.deepEqual(tried, [0, 5, 15, 35]);
}

(async () => {
  console.error = () => undefined;
  console.log = () => undefined;
  for (const one of [
    theSameNumberMayBeOtherCode,
    runsNeverGoOnWithOtherCode,
    runsThatHaveBegunComeFirst,
    whoWaitsForTemporalHoldsUpNobody,
    whatStepsWaitForIsToldAndNoFailure,
    whatFailedIsTriedLaterEachTime,
  ]) {
    fresh();
    await one().catch((error) => process.stdout.write(`${one.name}: ${error.message}\n`));
  }
  process.exit(0);
})();
