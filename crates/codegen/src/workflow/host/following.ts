// One flow on this host: the worker that takes its new runs, and those of earlier code that still have runs to end.
import { availableParallelism } from 'node:os';
import { Deployment, buildOf, numberOf } from './deployments';
import { Gate } from './gate';
import { WorkerProcess, build, built } from './versions';
import { compiled, newestOf } from './weir';
import type { FlowReport, Needs, Newest } from './weir';

/** So many are built and begun at once, of all flows. */
const gate = new Gate(Math.min(4, availableParallelism()));

/** What failed is tried again so many milliseconds later, and later each time. */
const PAUSE = { first: 5000, longest: 60_000 };
/** So many builds that still have runs are told. */
const MOST_TOLD = 100;

export class Following {
  private readonly deployment: Deployment;
  private current: WorkerProcess | undefined;
  /** By build, as a number alone may be that of other code. */
  private readonly finishing = new Map<string, WorkerProcess>();
  /** The newest code; none of a flow that is gone. */
  private newest: Newest | undefined;
  /** What the last step failed with. */
  private problem: string | undefined;
  private resumed = false;
  private left = false;
  private busy = false;
  private stopping = false;
  private pause = PAUSE.first;
  private notBefore = 0;

  constructor(readonly flow: string) {
    this.deployment = new Deployment(`weir-${flow}`);
  }

  want(newest: Newest | undefined): void {
    if (nameOf(newest) !== nameOf(this.newest)) this.notBefore = 0;
    this.newest = newest;
  }

  /** Whether the newest code is other than what runs. */
  get behind(): boolean {
    return this.newest !== undefined && nameOf(this.newest) !== this.current?.build;
  }

  /** Whether it is gone, and no run of it is left. */
  get over(): boolean {
    return this.newest === undefined && this.left && this.resumed && !this.busy && this.finishing.size === 0;
  }

  /** Comes a step nearer to what is wanted; true if anything was tried. It never fails, and never runs twice at once. */
  async step(): Promise<boolean> {
    if (this.busy || this.stopping || Date.now() < this.notBefore) return false;
    this.busy = true;
    const tried = this.behind || !this.resumed;
    let problem: string | undefined;
    // Runs that have begun come first: they wait for a worker, while new ones have one.
    for (const part of [() => this.resume(), () => this.load(), () => this.leave(), () => this.retire()]) {
      try {
        await part();
      } catch (error) {
        problem = error instanceof Error ? error.message : String(error);
        console.error(`${this.flow}: ${problem}`);
      }
    }
    this.ended(problem);
    return tried;
  }

  private ended(problem: string | undefined): void {
    this.problem = problem;
    this.notBefore = problem === undefined ? 0 : Date.now() + this.pause;
    this.pause = problem === undefined ? PAUSE.first : Math.min(this.pause * 2, PAUSE.longest);
    this.busy = false;
  }

  /** Builds newer code, begins it, and gives it the new runs. Until then everything is as it was. */
  private async load(): Promise<void> {
    const name = nameOf(this.newest);
    if (!this.behind || name === undefined) return;
    const [before, worker] = [this.current, this.finishing.get(name) ?? (await this.begin(name))];
    // One that does not take new runs yet ends with the others where nothing stays with it.
    this.finishing.set(name, worker);
    if (!(await this.deployment.use(name, async () => nameOf(await newestOf(this.flow)) === name))) return;
    this.finishing.delete(name);
    this.current = worker;
    this.left = false;
    if (before !== undefined) this.finishing.set(before.build, before);
    console.log(`code ${name} of ${this.flow} runs`);
  }

  /** Only what needs the machine passes the gate, and one that waits for something else holds up nobody. */
  private async begin(name: string): Promise<WorkerProcess> {
    return gate.through(async () => {
      const worker = new WorkerProcess(name, this.deployment.name, await this.fileOf(name));
      try {
        if (this.stopping) throw new Error('this host stops');
        await worker.start();
        if (this.stopping) throw new Error('this host stops');
      } catch (error) {
        await worker.stop();
        throw error;
      }
      return worker;
    });
  }

  /** Its worker's file; fetched and compiled where it is not here yet. Runs never go on with other code. */
  private async fileOf(name: string): Promise<string> {
    const here = built(name);
    if (here !== undefined) return here;
    const { number, hash, files } = await compiled(this.flow, numberOf(name));
    if (buildOf(number, hash) === name) return build(name, files);
    throw new Error(`the server has other code as number ${number} than that of ${name}, which runs began with`);
  }

  /** Begins code again that runs stay with which began before this host did. */
  private async resume(): Promise<void> {
    if (this.resumed) return;
    let failure: unknown;
    for (const name of await this.deployment.inUse()) {
      if (this.finishing.has(name) || this.current?.build === name) continue;
      try {
        this.finishing.set(name, await this.begin(name));
      } catch (error) {
        failure = error;
      }
    }
    if (failure !== undefined) throw failure;
    this.resumed = true;
  }

  /** The flow is gone: its runs end, and no new ones come here. */
  private async leave(): Promise<void> {
    if (this.newest !== undefined || this.left) return;
    if (!(await this.deployment.use(undefined, async () => (await newestOf(this.flow)) === undefined))) return;
    if (this.current !== undefined) this.finishing.set(this.current.build, this.current);
    this.current = undefined;
    this.left = true;
  }

  /** Ends what no run stays with any more. */
  private async retire(): Promise<void> {
    if (this.finishing.size === 0) return;
    const inUse = new Set(await this.deployment.inUse());
    for (const [name, worker] of this.finishing) {
      if (inUse.has(name)) continue;
      this.finishing.delete(name);
      await worker.stop();
      console.log(`code ${name} of ${this.flow} has no runs any more`);
    }
  }

  told(): FlowReport {
    const problem = this.current?.problem ?? this.problem;
    const finishing = [...new Set([...this.finishing.keys()].map(numberOf))].sort((a, b) => b - a);
    const told: FlowReport = { state: this.state(problem), finishing: finishing.slice(0, MOST_TOLD) };
    if (this.current !== undefined) Object.assign(told, this.code(this.current.build));
    const needs = this.needs();
    if (needs !== undefined) told.needs = needs;
    // Its worker runs: that steps wait for another is no failure of the host's.
    const why = problem ?? (needs?.missing === true ? waiting(needs) : undefined);
    if (why !== undefined) told.error = why.slice(0, 5000);
    return told;
  }

  /** What is missing to runs that have begun counts, too. */
  private needs(): Needs | undefined {
    const missing = [...this.finishing.values()].find(({ needs }) => needs?.missing);
    return this.current?.needs?.missing === true ? this.current.needs : (missing?.needs ?? this.current?.needs);
  }

  private code(name: string): { compilation: number; hash?: string } {
    const hash = nameOf(this.newest) === name ? this.newest?.hash : undefined;
    return { compilation: numberOf(name), ...(hash === undefined ? {} : { hash }) };
  }

  private state(problem: string | undefined): FlowReport['state'] {
    if (this.stopping) return 'stopped';
    if (problem !== undefined) return 'failed';
    return this.current === undefined && this.newest !== undefined ? 'starting' : 'running';
  }

  async stop(): Promise<void> {
    this.stopping = true;
    const workers = [...this.finishing.values(), ...(this.current === undefined ? [] : [this.current])];
    await Promise.all(workers.map((worker) => worker.stop()));
  }
}

function waiting({ queue, kinds }: Needs): string {
  return `nobody takes work from the task queue ${queue}: steps of ${kinds.join(', ')} wait for a weir worker`;
}

function nameOf(newest: Newest | undefined): string | undefined {
  return newest === undefined ? undefined : buildOf(newest.number, newest.hash);
}
