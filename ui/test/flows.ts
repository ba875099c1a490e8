/** For tests: every flow of the examples, and of the corpus that may lie beside this repository. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

export interface Example {
  name: string;
  text: string;
}

const here = join(import.meta.dirname, "..", "..");

export const examples = (): Example[] => within(join(here, "examples"), (name) => /^(flow|fixed|score|letter|signature)\.(yaml|json)$/.test(name));

export const corpus = (): Example[] => within(join(here, "..", "shared", "corpus"), (name) => /\.(yaml|yml|json)$/.test(name));

function within(folder: string, wanted: (name: string) => boolean): Example[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).sort().flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return within(path, wanted);
    return wanted(name) ? [{ name: path, text: readFileSync(path, "utf8") }] : [];
  });
}
