// After a build, text is kept compressed and in no other form: the server sends it so, or undoes it. Compressing is
// slow at its best, so what has not changed is taken from a cache.
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants } from "node:zlib";

const TEXT = /\.(js|mjs|css|html|svg|json|txt|map|ttf|wasm)$/;
const CACHE = "node_modules/.cache/compressed";
const squeeze = promisify(brotliCompress);

/** The plugin. Only for builds that are shipped; development serves from memory. */
export function compress() {
  let folder = "dist";
  return {
    name: "compress",
    apply: "build",
    configResolved(config) {
      folder = join(config.root, config.build.outDir);
    },
    async closeBundle() {
      await mkdir(CACHE, { recursive: true });
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => entry.isFile() && TEXT.test(entry.name));
      await Promise.all(files.map((file) => replace(join(file.parentPath, file.name))));
    },
  };
}

async function replace(path) {
  const bytes = await readFile(path);
  await writeFile(`${path}.br`, await compressed(bytes));
  await rm(path);
}

async function compressed(bytes) {
  const kept = join(CACHE, createHash("sha256").update(bytes).digest("hex"));
  const found = await readFile(kept).catch(() => undefined);
  if (found) return found;
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
  };
  const made = await squeeze(bytes, { params });
  await writeFile(kept, made);
  return made;
}
