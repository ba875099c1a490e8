import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  test: {
    include: ["src/**/*.test.{ts,tsx}"],
    // A test that needs a document says so in its first line: // @vitest-environment happy-dom
    environment: "node",
    maxWorkers: "100%",
    // For machines that do other things besides.
    testTimeout: 60_000,
    // Nine megabytes that Node reads as they are.
    server: { deps: { external: [/typescriptServices\.js$/] } },
  },
});
