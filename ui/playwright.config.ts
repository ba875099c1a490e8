import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "@playwright/test";

const unpacked = fileURLToPath(new URL("../.tools/chromium/run", import.meta.url));
const chromium = process.env.WEIR_CHROMIUM ?? (existsSync(unpacked) ? unpacked : "/usr/bin/chromium");

export default defineConfig({
  testDir: "e2e",
  outputDir: "test-results",
  fullyParallel: true,
  // Each has a server and a browser of its own, and waits for them more than it works. On machines of others something
  // else runs beside them.
  workers: process.env.CI ? 2 : 3,
  // A busy machine is slow, not wrong.
  timeout: 120_000,
  expect: { timeout: 20_000 },
  forbidOnly: true,
  // On machines of others, which may be busier than any time limit foresaw. Who passes only then is listed as flaky.
  retries: process.env.CI ? 1 : 0,
  reporter: [["list"]],
  use: {
    viewport: { width: 1440, height: 900 },
    locale: "en-GB",
    timezoneId: "UTC",
    // What moves is waited for until it stands still.
    contextOptions: { reducedMotion: "reduce" },
    actionTimeout: 20_000,
    navigationTimeout: 40_000,
    trace: "off",
    launchOptions: { executablePath: chromium, args: ["--no-sandbox", "--disable-gpu", "--font-render-hinting=none"] },
  },
  projects: [
    { name: "tests", testIgnore: /screenshots|\.bench\./ },
    // All but the controls of most pages, which take long to be tried one by one; `npm run e2e` tries them too.
    { name: "short", testIgnore: /screenshots|\.bench\.|crawl\.spec/ },
    // Measures, one thing at a time: `npm run bench`.
    { name: "bench", testMatch: /\.bench\.ts$/, workers: 1, timeout: 300_000 },
    { name: "screenshots", testMatch: /screenshots/ },
  ],
});
