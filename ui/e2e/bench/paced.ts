import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** How often it says something, in milliseconds. */
const BEAT = 10;

/** Tells events at a pace that is asked of it, however fast the machine would be as a server of flows. */
export class Paced {
  readonly url: string;
  /** How long it took to tell them all, in milliseconds; the pace that there was is not always the one that was asked for. */
  took: number | undefined;
  /** Called when whoever listens is to be told; until then the line is open and silent. */
  begin: () => void = () => {};
  private readonly begun = new Promise<void>((resolve) => (this.begin = resolve));

  private constructor(
    private readonly server: Server,
    events: readonly string[],
    within: number,
  ) {
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    server.on("request", (_, answer) => void this.tell(answer, events, within));
  }

  static async of(events: readonly string[], within: number): Promise<Paced> {
    const server = createServer();
    await new Promise<void>((up) => server.listen(0, "127.0.0.1", up));
    return new Paced(server, events, within);
  }

  private async tell(answer: ServerResponse, events: readonly string[], within: number): Promise<void> {
    answer.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
    answer.flushHeaders();
    await this.begun;
    const from = performance.now();
    let told = 0;
    const timer = setInterval(() => {
      const due = Math.ceil(events.length * Math.min(1, (performance.now() - from) / within));
      answer.write(events.slice(told, due).join(""));
      told = due;
      if (told < events.length) return;
      this.took = performance.now() - from;
      clearInterval(timer);
      answer.end();
    }, BEAT);
  }

  close(): void {
    this.server.close();
  }
}
