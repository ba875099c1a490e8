// A worker with nothing but a loop of activities, to compare with. Arguments: address, namespace, task queue.
// Says `works` when it takes work, and ends with the process that holds its standard input.
const { writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { DefaultLogger, NativeConnection, Runtime, Worker } = require('@temporalio/worker');

const WORKFLOW = `
const { proxyActivities } = require('@temporalio/workflow');
const { step } = proxyActivities({ startToCloseTimeout: '10 minutes', heartbeatTimeout: '10s' });
exports.bare = async (steps) => {
  let last = null;
  for (let place = 0; place < steps; place += 1) last = await step({ place, last });
  return last;
};`;

async function main([address, namespace, taskQueue]) {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const workflowsPath = join(__dirname, 'bare-workflow.cjs');
  writeFileSync(workflowsPath, WORKFLOW);
  const connection = await NativeConnection.connect({ address });
  const activities = { step: async (given) => given.place };
  const worker = await Worker.create({ connection, namespace, taskQueue, workflowsPath, activities });
  process.stdin.on('end', () => process.exit(0)).resume();
  process.stdout.write('works\n');
  await worker.run();
}

main(process.argv.slice(2)).catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
