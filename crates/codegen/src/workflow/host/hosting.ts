// Runs the newest code that a Weir server has of a flow, or of every flow of a project, and changes to newer code by
// itself. Runs that have begun end on the code they began with.
import { hostname } from 'node:os';
import { Following } from './following';
import { Refused, isOfOne, newest, report } from './weir';
import type { Report, Wanted } from './weir';

/** Seconds to wait for newer code, which is also how often the host says how it is. */
const WAIT = 25;
/** As long as something does not run that should. */
const SOON = 5;
/** Milliseconds between two words of a host: what comes about meanwhile is told together. */
const TOGETHER = 1000;

const NAME = process.env['WEIR_HOST'] ?? (hostname().replace(/[^\w.-]/gu, '-') || 'host');

class Host {
  private readonly flows = new Map<string, Following>();
  private known: string | undefined;
  /** Why the server cannot be asked. */
  private problem: string | undefined;
  private stopping = false;
  private telling: NodeJS.Timeout | undefined;

  async run(): Promise<void> {
    await this.tell();
    while (!this.stopping) {
      try {
        await this.turn();
      } catch (error) {
        if (error instanceof Refused) throw error;
        this.problem = error instanceof Error ? error.message : String(error);
        console.error(this.problem);
        await this.tell();
        await new Promise((resolve) => setTimeout(resolve, SOON * 1000));
      }
    }
  }

  private async turn(): Promise<void> {
    const waits = [...this.flows.values()].some((flow) => flow.behind);
    const wanted = await newest(this.known, waits ? SOON : WAIT);
    this.problem = undefined;
    if (this.stopping) return;
    if (wanted !== undefined) this.want(wanted);
    for (const flow of this.flows.values()) void this.step(flow);
    await this.tell();
  }

  private want({ known, flows }: Wanted): void {
    for (const [id, code] of flows) {
      const flow = this.flows.get(id) ?? new Following(id);
      flow.want(code);
      this.flows.set(id, flow);
    }
    for (const [id, flow] of this.flows) if (!flows.has(id)) flow.want(undefined);
    this.known = known;
  }

  /** Each goes its own way: none waits for another. */
  private async step(flow: Following): Promise<void> {
    const tried = await flow.step();
    if (flow.over && isOfOne) end(new Error(`there is no flow ${flow.flow}, and no run stays with code of it`));
    if (flow.over) this.flows.delete(flow.flow);
    if (tried) this.tellSoon();
  }

  private tellSoon(): void {
    this.telling ??= setTimeout(() => {
      this.telling = undefined;
      if (!this.stopping) void this.tell().catch(end);
    }, TOGETHER);
  }

  /** Says how this host is. A server that cannot be reached is told the next time. */
  private async tell(): Promise<void> {
    const flows = new Map([...this.flows].map(([id, flow]) => [id, flow.told()]));
    const told: Report = { state: this.state(), flows };
    if (this.problem !== undefined) told.error = this.problem.slice(0, 5000);
    await report(NAME, told).catch((error: unknown) => {
      if (error instanceof Refused) throw error;
      console.error(error);
    });
  }

  private state(): Report['state'] {
    if (this.stopping) return 'stopped';
    const states = [...this.flows.values()].map((flow) => flow.told().state);
    if (this.problem !== undefined || states.includes('failed')) return 'failed';
    return this.known === undefined || states.includes('starting') ? 'starting' : 'running';
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await Promise.all([...this.flows.values()].map((flow) => flow.stop()));
    await this.tell();
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
