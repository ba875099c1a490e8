// Versions of a worker as Temporal keeps them: a run stays with the version it began on, new ones go to the current.
import { Connection } from '@temporalio/client';
import { namespace, reach } from './connect';

/** As Temporal numbers them: takes new runs; has runs to end; has none any more. */
const CURRENT = 2;
const DRAINING = 4;

const SECOND = 1000;

/** The versions of one flow's workers, by their builds. */
export class Deployment {
  private readonly connection = Connection.lazy(reach());

  constructor(readonly name: string) {}

  /** Builds that runs still stay with, the current one included. */
  async inUse(): Promise<string[]> {
    const found = await this.versions();
    return found.filter(({ status }) => status === CURRENT || status === DRAINING).map(({ build }) => build);
  }

  /** Gives new runs to a build. Its worker may have just begun to ask for work, so this is tried for a while. */
  async use(build: string): Promise<void> {
    for (let left = 60; ; left -= 1) {
      try {
        await this.connection.withDeadline(Date.now() + 10 * SECOND, () => this.set(build));
        return;
      } catch (error) {
        if (left === 0) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, SECOND));
    }
  }

  private async set(buildId: string): Promise<void> {
    // Another host may be ahead; nothing goes back to code that was replaced.
    const later = (await this.versions()).find(({ build, status }) => status === CURRENT && numberOf(build) > numberOf(buildId));
    if (later !== undefined) return;
    const given = { namespace, deploymentName: this.name, buildId, identity: 'weir host' };
    await this.connection.workflowService.setWorkerDeploymentCurrentVersion(given);
  }

  private async versions(): Promise<{ build: string; status: number }[]> {
    const asked = { namespace, deploymentName: this.name };
    try {
      const { workerDeploymentInfo } = await this.connection.workflowService.describeWorkerDeployment(asked);
      const found = workerDeploymentInfo?.versionSummaries ?? [];
      return found.map(({ deploymentVersion, status }) => ({ build: deploymentVersion?.buildId ?? '', status: status ?? 0 }));
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }
}

/** A deployment that no worker has named yet. */
function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 5;
}

/** The name of a build: the number of its code first. */
export function buildOf(number: number, hash: string): string {
  return `${number}-${hash.slice(0, 16)}`;
}

export function numberOf(build: string): number {
  return Number.parseInt(build, 10);
}
