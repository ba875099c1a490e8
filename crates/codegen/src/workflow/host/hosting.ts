// Runs the newest code of this flow that a Weir server has, and changes to newer code by itself. Runs that have begun
// end on the code they began with.
import { hostname } from 'node:os';
import { Deployment, buildOf, numberOf } from './deployments';
import { WorkerProcess, build } from './versions';
import { FLOW, Refused, compiled, newest, report } from './weir';
import type { Code, Report } from './weir';

/** Seconds to wait for newer code, which is also how often the host says how it is. */
const WAIT = 25;

const NAME = process.env['WEIR_HOST'] ?? (hostname().replace(/[^\w.-]/gu, '-') || 'host');

class Host {
  private readonly deployment = new Deployment(`weir-${FLOW}`);
  private current: WorkerProcess | undefined;
  private readonly finishing = new Map<number, WorkerProcess>();
  /** Why the newest code is not the one that runs. */
  private problem: string | undefined;
  private stopping = false;

  async run(): Promise<void> {
    await this.tell('starting');
    await this.resume();
    while (!this.stopping) {
      try {
        await this.turn();
      } catch (error) {
        this.note(error);
        await this.tell();
        await new Promise((resolve) => setTimeout(resolve, 5000));
      }
    }
  }

  private async turn(): Promise<void> {
    const code = await newest(this.current?.number ?? 0, WAIT);
    if (this.stopping) return;
    if (code !== undefined) await this.load(code);
    await this.retire();
    await this.tell();
  }

  /** Builds newer code, begins it, and gives it the new runs. Until then everything is as it was. */
  private async load(code: Code): Promise<void> {
    const before = this.current;
    const worker = this.finishing.get(code.number) ?? (await this.begin(code));
    // One that does not take new runs yet ends with the others where nothing stays with it.
    this.finishing.set(code.number, worker);
    await this.deployment.use(worker.build);
    this.finishing.delete(code.number);
    this.current = worker;
    this.problem = undefined;
    if (before !== undefined) this.finishing.set(before.number, before);
    console.log(`code ${code.number} (${code.hash}) runs`);
  }

  private async begin(code: Code): Promise<WorkerProcess> {
    const file = await build(code);
    const worker = new WorkerProcess(code.number, buildOf(code.number, code.hash), this.deployment.name, file);
    try {
      await worker.start();
    } catch (error) {
      await worker.stop();
      throw error;
    }
    return worker;
  }

  /** Code that runs stay with which began before this host did. */
  private async resume(): Promise<void> {
    const builds = await this.deployment.inUse().catch((error: unknown) => {
      this.note(error);
      return [];
    });
    for (const number of builds.map(numberOf)) {
      try {
        const code = await compiled(number);
        if (code !== undefined) this.finishing.set(number, await this.begin(code));
      } catch (error) {
        this.note(error);
      }
    }
  }

  /** Ends what no run stays with any more. */
  private async retire(): Promise<void> {
    const inUse = new Set(await this.deployment.inUse());
    for (const [number, worker] of this.finishing) {
      if (inUse.has(worker.build)) continue;
      this.finishing.delete(number);
      await worker.stop();
      console.log(`code ${number} has no runs any more`);
    }
  }

  private note(error: unknown): void {
    this.problem = error instanceof Error ? error.message : String(error);
    console.error(this.problem);
  }

  /** Says how this host is. A server that cannot be reached is told the next time. */
  private async tell(state = this.state()): Promise<void> {
    const problem = this.current?.problem ?? this.problem;
    const told: Report = { state, finishing: [...this.finishing.keys()] };
    if (this.current !== undefined) told.compilation = this.current.number;
    if (problem !== undefined) told.error = problem.slice(0, 5000);
    await report(NAME, told).catch((error: unknown) => {
      if (error instanceof Refused) throw error;
      console.error(error);
    });
  }

  private state(): Report['state'] {
    if ((this.current?.problem ?? this.problem) !== undefined) return 'failed';
    return this.current === undefined ? 'starting' : 'running';
  }

  async stop(): Promise<void> {
    this.stopping = true;
    const workers = [...this.finishing.values(), ...(this.current === undefined ? [] : [this.current])];
    await Promise.all(workers.map((worker) => worker.stop()));
    await this.tell('stopped');
  }
}

function end(error: unknown): void {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

const host = new Host();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void host.stop().then(() => process.exit(0), end));
}
host.run().catch((error: unknown) => end(error));
