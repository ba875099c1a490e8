// Versions of a worker as Temporal keeps them: a run stays with the version it began on, new ones go to the current.
import { Connection } from '@temporalio/client';
import { namespace, reach } from './connect';

/** As Temporal numbers them: takes new runs; has runs to end; has none any more. */
const CURRENT = 2;
const DRAINING = 4;

const SECOND = 1000;

const connection = Connection.lazy(reach());

/** The versions of one flow's workers, by their builds. */
export class Deployment {
  constructor(readonly name: string) {}

  /** Builds that runs still stay with, the current one included. */
  async inUse(): Promise<string[]> {
    const found = await soon(() => this.versions());
    return found.filter(({ status }) => status === CURRENT || status === DRAINING).map(({ build }) => build);
  }

  /**
   * Gives new runs to a build, or to none. Its worker may have just begun to ask for work: this is tried for a while.
   * Another host may be ahead: where it would take new runs from later code, `isStill` says whether that is what is
   * wanted now. False where it is not.
   */
  async use(build: string | undefined, isStill: () => Promise<boolean>): Promise<boolean> {
    for (let left = 60; ; left -= 1) {
      try {
        if ((await this.isBack(build)) && !(await isStill())) return false;
        await soon(() => this.set(build));
        return true;
      } catch (error) {
        if (left === 0) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, SECOND));
    }
  }

  private async current(): Promise<string | undefined> {
    return (await soon(() => this.versions())).find(({ status }) => status === CURRENT)?.build;
  }

  private async isBack(wanted: string | undefined): Promise<boolean> {
    const current = await this.current();
    return current !== undefined && (wanted === undefined || numberOf(current) > numberOf(wanted));
  }

  private async set(wanted: string | undefined): Promise<void> {
    // Of a deployment that no worker has named yet, nothing can be taken.
    if (wanted === undefined && (await this.current()) === undefined) return;
    const buildId = wanted ?? '';
    const given = { namespace, deploymentName: this.name, buildId, identity: 'weir host' };
    await connection.workflowService.setWorkerDeploymentCurrentVersion(given);
  }

  private async versions(): Promise<{ build: string; status: number }[]> {
    const asked = { namespace, deploymentName: this.name };
    try {
      const { workerDeploymentInfo } = await connection.workflowService.describeWorkerDeployment(asked);
      const found = workerDeploymentInfo?.versionSummaries ?? [];
      return found.map(({ deploymentVersion, status }) => ({ build: deploymentVersion?.buildId ?? '', status: status ?? 0 }));
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }
}

function soon<T>(ask: () => Promise<T>): Promise<T> {
  return connection.withDeadline(Date.now() + 10 * SECOND, ask);
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
