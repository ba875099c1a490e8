// Whose turn it is: of steps that begin together the first goes on until it waits for something outside, then the
// second begins. So what they write is in the same order on every machine and at every replay.
import { CancellationScope, condition } from '@temporalio/workflow';

/** Starts all works, one after the other in turn; each promise is that of its work. */
export function abreast<T>(works: (() => Promise<T>)[]): Promise<T>[] {
  const begun = works.map((work) => turn(work));
  // The last asked is the first to have its turn.
  for (const { ask } of begun.toReversed()) ask();
  return begun.map(({ done }) => done);
}

/** Starts one work as soon as nothing that has begun can go on. */
export function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const { ask, done } = turn(work);
  ask();
  return done;
}

function turn<T>(work: () => Promise<T>): { ask: () => void; done: Promise<T> } {
  let begin: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  return { ask: () => queue(begin), done: begun.then(work) };
}

// A workflow has modules of its own, so these belong to one run.
const asked: (() => void)[] = [];
let dealing = false;

function queue(begin: () => void): void {
  asked.push(begin);
  if (dealing) return;
  dealing = true;
  void CancellationScope.nonCancellable(deal);
}

async function deal(): Promise<void> {
  while (asked.length > 0) {
    await quiet();
    asked.pop()?.();
  }
  dealing = false;
}

/** Comes back when all that could go on has: conditions are looked at when no promise is left to follow. */
async function quiet(): Promise<void> {
  await Promise.resolve();
  let looked = false;
  await condition(() => {
    const before = looked;
    looked = true;
    return before;
  });
}
