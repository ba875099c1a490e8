import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const file = fileURLToPath(new URL("../../test-results/bench/measured.json", import.meta.url));

/** What was measured, by the number of its statement; further values of one are joined. `load` is that of the machine. */
export type Measured = Record<string, string[]>;

function read(): Measured {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Measured;
  } catch {
    return {};
  }
}

export function measured(statement: number, value: string): void {
  const all = read();
  all[statement] = [...(all[statement] ?? []), value];
  all.load = [...(all.load ?? []), (loadavg()[0] ?? 0).toFixed(1)];
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(all, null, 2));
  console.log(`measured: ${statement}: ${value}`);
}

export const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

export const quantile = (values: readonly number[], part: number): number => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))] ?? Number.NaN;
