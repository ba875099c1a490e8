import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** What `make corpus` tries: flows that are kept outside this repository. */
export default defineConfig({
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  test: { include: ["test/corpus.check.ts"], environment: "node", testTimeout: 60_000 },
});
