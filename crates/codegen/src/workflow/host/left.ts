// Steps that are left to Weir's own worker wait until there is one: now and then it is looked whether anybody takes work
// from its queue.
import type { NativeConnection } from '@temporalio/worker';
import { namespace } from './connect';
import type { Needs } from './weir';

/** So often it is looked; sooner while somebody is missing. */
const EVERY_MS = 30_000;
const SOON_MS = 5000;

/** As Temporal numbers what is taken from a queue. */
const ACTIVITIES = 2;

/** Says which kinds are performed from which queue, and whenever somebody comes or goes there, a few minutes late. */
export function watch(connection: NativeConnection, left: { queue: string; kinds: string[] }, tell: (needs: Needs) => void): void {
  let before: boolean | undefined;
  const look = async (): Promise<void> => {
    const missing = await isMissing(connection, left.queue, before);
    setTimeout(() => void look(), missing === false ? EVERY_MS : SOON_MS).unref();
    if (missing === undefined || missing === before) return;
    if (missing) console.warn(`nobody takes work from the task queue ${left.queue}: steps of ${left.kinds.join(', ')} wait for a weir worker`);
    if (before === true) console.log(`a weir worker takes work from the task queue ${left.queue}`);
    before = missing;
    tell({ ...left, missing });
  };
  void look();
}

/** As before where Temporal does not say it, or not to everybody; nothing where it never has. */
async function isMissing(connection: NativeConnection, name: string, before: boolean | undefined): Promise<boolean | undefined> {
  const asked = { namespace, taskQueue: { name }, taskQueueType: ACTIVITIES };
  try {
    const { pollers } = await connection.withDeadline(Date.now() + 10_000, () => connection.workflowService.describeTaskQueue(asked));
    return (pollers ?? []).length === 0;
  } catch {
    return before;
  }
}
