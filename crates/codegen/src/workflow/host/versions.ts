// One version of the code: its folder, and the process that performs its work.
import { execFile, fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Needs } from './weir';

/** Beside the packages that are installed. */
const ROOT = dirname(__dirname);

/** So long may a worker take until it asks for work. */
const PATIENCE_MS = 120_000;

/** The worker's file of a build that was compiled here before. */
export function built(name: string): string | undefined {
  const worker = workerOf(folderOf(name));
  return existsSync(worker) ? worker : undefined;
}

function folderOf(name: string): string {
  return join(ROOT, 'versions', name);
}

function workerOf(folder: string): string {
  return join(folder, 'dist', 'worker.js');
}

/** Puts the code of a build into a folder of its own and compiles it there; its worker's file. */
export async function build(name: string, files: Map<string, string>): Promise<string> {
  const folder = folderOf(name);
  checkPackages(files.get('package.json') ?? '{}');
  const half = `${folder}.${process.pid}`;
  await rm(half, { recursive: true, force: true });
  await mkdir(half, { recursive: true });
  for (const [file, text] of files) await writeFile(join(half, file), text);
  await compile(half);
  await rm(folder, { recursive: true, force: true });
  await rename(half, folder);
  return workerOf(folder);
}

async function compile(folder: string): Promise<void> {
  const compiler = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');
  try {
    await promisify(execFile)(process.execPath, [compiler, '-p', folder]);
  } catch (error) {
    const said = isFailure(error) ? error.stdout : String(error);
    throw new Error(`the code does not compile here; are the packages installed? ${said}`);
  }
}

function isFailure(error: unknown): error is { stdout: string } {
  return typeof error === 'object' && error !== null && 'stdout' in error && typeof error.stdout === 'string';
}

/** Code that wants other packages than are installed would fail somewhere in the middle. */
function checkPackages(text: string): void {
  const wanted = packages(text);
  if (wanted === packages(readFileSync(join(ROOT, 'package.json'), 'utf8'))) return;
  throw new Error(`the new code wants other packages; write the project anew and run npm install: ${wanted}`);
}

function packages(text: string): string {
  const found: unknown = JSON.parse(text);
  const has = typeof found === 'object' && found !== null && 'dependencies' in found;
  return JSON.stringify(has ? found.dependencies : null);
}

function isNeeds(said: unknown): said is Needs {
  return typeof said === 'object' && said !== null && 'queue' in said && 'kinds' in said && 'missing' in said;
}

/** A worker in a process of its own. It begins again when it ends unasked, a little later each time. */
export class WorkerProcess {
  private child: ChildProcess | undefined;
  private again: NodeJS.Timeout | undefined;
  private wait = 1000;
  private stopping = false;
  /** Why it does not run, where it does not. */
  problem: string | undefined;
  /** What its steps need beside it, where they need anything. */
  needs: Needs | undefined;

  constructor(
    readonly build: string,
    private readonly deployment: string,
    private readonly file: string,
  ) {}

  /** Begins, and waits until it asks for work. */
  async start(): Promise<void> {
    const child = this.run();
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error('its worker does not ask for work')), PATIENCE_MS);
      child.once('message', () => resolve());
      child.once('exit', (code) => reject(new Error(`its worker ended with ${code ?? 'a signal'}; see what it wrote`)));
      child.once('error', reject);
      child.once('message', () => clearTimeout(late));
      child.once('exit', () => clearTimeout(late));
    });
    this.wait = 1000;
  }

  private run(): ChildProcess {
    const env: NodeJS.ProcessEnv = { ...process.env, WEIR_DEPLOYMENT: this.deployment, WEIR_BUILD: this.build };
    // The host's own.
    delete env['WEIR_KEY'];
    const child = fork(this.file, { env });
    this.child = child;
    child.on('message', (said) => this.told(said));
    child.once('exit', (code, signal) => this.ended(code ?? signal));
    return child;
  }

  /** That it works, or what its steps need. */
  private told(said: unknown): void {
    this.problem = undefined;
    if (isNeeds(said)) this.needs = said;
  }

  private ended(how: unknown): void {
    this.child = undefined;
    if (this.stopping) return;
    this.problem = `the worker of ${this.build} ended with ${String(how)}`;
    this.again = setTimeout(() => this.run(), this.wait);
    this.wait = Math.min(this.wait * 2, 60_000);
  }

  /** Ends it once what it performs is done; after ten seconds in any case. */
  async stop(): Promise<void> {
    this.stopping = true;
    clearTimeout(this.again);
    const child = this.child;
    if (child === undefined) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await gone;
    clearTimeout(late);
  }
}
