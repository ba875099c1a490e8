import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const program = process.env.WEIR_BIN ?? join(root, "target/debug/weir");

/** However busy the machine is, a server is up within this. */
const PATIENCE = 120_000;

export const OWNER = "owner@localhost";

/** A server of the tests, with its data in a folder of its own. It can be killed and started again. */
export class Server {
  readonly url: string;
  readonly data: string;
  password = "";
  /** Signs in once. */
  link = "";
  /** Addresses of the demo's webhooks, by the names of their flows. */
  readonly webhooks = new Map<string, string>();
  #child: ChildProcess | undefined;
  readonly #settings: Record<string, string>;

  private constructor(url: string, data: string, settings: Record<string, string>) {
    this.url = url;
    this.data = data;
    this.#settings = settings;
  }

  /** `settings` are variables of its environment. */
  static async make(settings: Record<string, string> = {}): Promise<Server> {
    const data = await mkdtemp(join(tmpdir(), "weir-e2e-"));
    const server = new Server(`http://127.0.0.1:${await freePort()}`, data, settings);
    await server.start();
    return server;
  }

  async start(): Promise<void> {
    const listen = new URL(this.url).host;
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("WEIR_")));
    Object.assign(env, this.#settings);
    const child = spawn(program, ["serve", "--listen", listen, "--data", this.data], { cwd: root, env, stdio: ["ignore", "ignore", "pipe"] });
    this.#child = child;
    await new Promise<void>((up, failed) => {
      const said: string[] = [];
      const timer = setTimeout(() => failed(new Error(`the server does not start: ${said.join("\n")}`)), PATIENCE);
      child.once("exit", (code) => failed(new Error(`the server ended with ${code}: ${said.join("\n")}`)));
      createInterface({ input: child.stderr }).on("line", (line) => {
        said.push(line);
        this.#read(line);
        if (!line.startsWith("  sign in ")) return;
        clearTimeout(timer);
        if (this.link.startsWith(this.url)) up();
        else failed(new Error(`the server listens elsewhere than at ${this.url}: ${said.join("\n")}`));
      });
    });
  }

  #read(line: string): void {
    const [first, second, ...rest] = line.trim().split(/\s+/);
    if (first === "password" && second) this.password = second;
    if (first === "sign" && rest[0]) this.link = rest[0];
    if (first === "webhook" && second) this.webhooks.set((rest[0] ?? "").replace(/[()]/g, ""), second);
  }

  /** Copies its oldest run so often, while it is not at work. */
  async copyOldestRun(times: number): Promise<void> {
    await promisify(execFile)(program, ["bench", "--copies", String(times), "--data", this.data], { cwd: root });
  }

  /** As a power cut would. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  async remove(): Promise<void> {
    await this.kill();
    await rm(this.data, { recursive: true, force: true });
  }
}

/**
 * A port for a server that keeps its address when it is started again. The range is below the ports that a kernel gives
 * to whoever asks for any, so nobody takes it by chance while the server is down.
 */
async function freePort(): Promise<number> {
  for (let tried = 0; tried < 100; tried += 1) {
    const port = 10_000 + Math.floor(Math.random() * 7_900);
    if (await isFree(port)) return port;
  }
  throw new Error("no port between 10000 and 17900 is free");
}

function isFree(port: number): Promise<boolean> {
  return new Promise((told) => {
    const probe = createServer();
    probe.once("error", () => told(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => told(true)));
  });
}
