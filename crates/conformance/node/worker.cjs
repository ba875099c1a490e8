// A worker for every generated project of the folder it stands in. Arguments: address, namespace, task queue.
// Says `works` when it takes work, and ends with the process that holds its standard input.
const { existsSync, readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { Context } = require('@temporalio/activity');
const { DefaultLogger, NativeConnection, Runtime, Worker, bundleWorkflowCode } = require('@temporalio/worker');

/** The queue of the workflows that keep what outlives runs, as in a generated worker. */
const PROJECTS = 'weir-project';
const BUNDLE = join(__dirname, 'bundle.js');
const LOG = ['--log'].some((flag) => process.argv.includes(flag)) ? 'WARN' : 'ERROR';

/** Made once for all workers of this folder. */
async function bundle(logger) {
  if (existsSync(BUNDLE)) return;
  const made = await bundleWorkflowCode({ workflowsPath: join(__dirname, 'workflows.cjs'), logger });
  writeFileSync(BUNDLE, made.code);
}

/** Every project has activities of its own by the same names: whose they are, the workflow's type says. */
function activities({ types, projects }) {
  const own = Object.fromEntries(Object.entries(projects).map(([folder, name]) => [folder, activitiesOf(folder, name)]));
  const kinds = new Set(Object.values(own).flatMap(Object.keys));
  const dispatch = (kind) => (...args) => {
    const type = Context.current().info.workflowType;
    const perform = own[types[type]]?.[kind];
    if (perform === undefined) throw new Error(`${type} has no activity ${kind}`);
    return perform(...args);
  };
  return Object.fromEntries([...kinds].map((kind) => [kind, dispatch(kind)]));
}

function activitiesOf(folder, name) {
  const { createActivities, flow } = require(`./dist/${folder}/activities.js`);
  return createActivities(undefined, { ...flow, project: name });
}

async function main([address, namespace, taskQueue]) {
  const logger = new DefaultLogger(LOG, ({ level, message, meta }) => {
    process.stderr.write(`${level} ${message} ${meta?.error?.stack ?? ''}\n`);
  });
  Runtime.install({ logger });
  await bundle(logger);
  const connection = await NativeConnection.connect({ address });
  const usual = {
    connection,
    namespace,
    workflowBundle: { codePath: BUNDLE },
    // Another worker takes over soon after one was killed.
    stickyQueueScheduleToStartTimeout: '1s',
    workflowThreadPoolSize: 1,
  };
  const own = activities(JSON.parse(readFileSync(join(__dirname, 'projects.json'), 'utf8')));
  const worker = await Worker.create({ ...usual, taskQueue, activities: own });
  const projects = await Worker.create({ ...usual, taskQueue: PROJECTS });
  process.stdin.on('end', () => process.exit(0)).resume();
  process.stdout.write('works\n');
  await Promise.all([worker.run(), projects.run()]);
}

main(process.argv.slice(2)).catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
