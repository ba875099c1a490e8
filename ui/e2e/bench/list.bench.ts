import type { Page } from "@playwright/test";
import { flow } from "../support/builder";
import type { Client } from "../support/client";
import type { Server } from "../support/server";
import { expect, test } from "../support/test";
import { measured, median } from "./results";

const RUNS = Number(process.env.BENCH_RUNS ?? 100_000);
const SHORT = "type: Sequence\nid: short\nchildren:\n  - {type: Mock, id: one}\n";

// Its server is killed and filled with runs.
test.use({ settings: {} });

/** Runs of the flows `flow-0` to `flow-99`, and a newer one of `first`. */
async function fill(server: Server, client: Client): Promise<void> {
  for (let number = 0; number < 100; number++) await client.post("/api/flows", { name: `flow-${number}`, files: [{ name: "flow.yaml", text: SHORT }] });
  const first = await flow(client, SHORT);
  const { run } = await client.post<{ run: string }>(`/api/flows/${first.id}/try`, { input: {} });
  await client.get(`/api/runs/${run}?wait=30`);
  await server.kill();
  await server.copyOldestRun(RUNS);
  await server.start();
}

const ROWS = "[role=table][aria-label=Runs] [role=row][aria-rowindex]";

/**
 * Milliseconds from the last release of the button until the first row says something, as the page itself sees it.
 */
async function untilFirstSays(page: Page, text: string, act: () => Promise<void>): Promise<number> {
  await page.evaluate(([rows, wanted]) => {
    const kept = globalThis as unknown as { took?: number };
    const over = new AbortController();
    let from = Number.NaN;
    delete kept.took;
    addEventListener("pointerup", () => (from = performance.now()), { capture: true, signal: over.signal });
    const look = () => {
      const first = document.querySelector(`${rows}[aria-rowindex="2"]`)?.textContent ?? "";
      if (Number.isNaN(from) || !first.includes(wanted ?? "")) return requestAnimationFrame(look);
      kept.took = performance.now() - from;
      over.abort();
    };
    look();
  }, [ROWS, text]);
  await act();
  await page.waitForFunction(() => (globalThis as unknown as { took?: number }).took !== undefined);
  return page.evaluate(() => (globalThis as unknown as { took: number }).took);
}

/** With nothing kept from before but files: of five, the one in the middle. */
async function ofFive(page: Page, from: string, text: string, act: () => Promise<void>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < 5; round++) {
    await page.goto(from);
    await page.waitForLoadState("networkidle");
    times.push(await untilFirstSays(page, text, act));
  }
  return Math.round(median(times));
}

test("a list of many runs", async ({ app, client, server }) => {
  test.setTimeout(900_000);
  await fill(server, client);
  const choose = (filter: string, option: string) => async () => {
    await app.getByRole("combobox", { name: filter }).click();
    await app.getByRole("option", { name: option, exact: true }).click();
  };
  const page = await ofFive(app, "/settings/keys", "Succeeded", () => app.getByRole("link", { name: "Runs", exact: true }).click());
  const byState = await ofFive(app, "/runs", "Cancelled", choose("State", "Cancelled"));
  const byFlow = await ofFive(app, "/runs", "flow-3", choose("Flow", "flow-3"));
  measured(17, `${RUNS.toLocaleString("en-GB")} runs: from the click to the rows ${page} ms, filtered by state ${byState} ms, by flow ${byFlow} ms`);
  const asked = async (path: string): Promise<number> => {
    const times: number[] = [];
    for (let round = 0; round < 5; round++) {
      const before = performance.now();
      await client.get(path);
      times.push(performance.now() - before);
    }
    return Math.round(median(times));
  };
  measured(17, `of which the server's answer ${await asked("/api/runs?limit=100")} ms, by state ${await asked("/api/runs?limit=100&status=cancelled")} ms`);
  await app.goto("/runs");
  for (let end = 0; end < 5; end++) {
    await app.getByRole("table", { name: "Runs" }).evaluate((table) => table.parentElement?.scrollTo({ top: table.parentElement.scrollHeight }));
    await expect.poll(() => app.getByRole("table", { name: "Runs" }).getAttribute("aria-rowcount").then(Number)).toBeGreaterThan((end + 1) * 100);
  }
  measured(17, `of ${await app.getByRole("table", { name: "Runs" }).getAttribute("aria-rowcount")} rows that were read, ${await app.locator(ROWS).count()} are on the page`);
});
