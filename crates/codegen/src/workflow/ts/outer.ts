// Variables of the service and the project: all that a step's own expressions name are read before it begins.
import { ActivityFailure, isCancellation, proxyActivities } from '@temporalio/workflow';
import { failure } from './run';
import type { At, Body, Outcome } from './run';
import { member } from './reply';
import type { Plain } from './sealing';
import { outside } from './turns';
import type { Json } from './value';

/** What a step's expressions name. */
export type Names = { service: string[]; project: string[] };

/** Gives values by name; it is asked until there is an answer. */
type Reading = { 'weir.readVariables': (names: Names, step: { run: string; path: string }) => Promise<Plain> };

const reading = proxyActivities<Reading>({ startToCloseTimeout: '1 minute' });

/** Reads the variables, then does the work, which sees them as `service` and `project`. */
export async function outer(at: At, names: Names, body: Body): Promise<Outcome> {
  const found = await read(at, names);
  if (found === undefined) return failure('VARIABLES_UNAVAILABLE', 'internal', 'the variables could not be read');
  const values = (scope: 'service' | 'project'): Map<string, Json> =>
    new Map(names[scope].map((name) => [name, member(member(found, scope), name) ?? null]));
  return body({ ...at, outer: { service: values('service'), project: values('project') } });
}

async function read(at: At, names: Names): Promise<Plain | undefined> {
  try {
    return await outside(at, () => reading['weir.readVariables'](names, { run: at.run.id, path: at.base }));
  } catch (thrown) {
    if (isCancellation(thrown) || !(thrown instanceof ActivityFailure)) throw thrown;
    return undefined;
  }
}
