import { gzipSync } from "node:zlib";
import type { Locator, Page } from "@playwright/test";
import type { Client } from "./support/client";
import { fireEach, seed } from "./support/seed";
import { expect, test } from "./support/test";

const ended = async (client: Client): Promise<number> => (await client.get<{ totalRuns: number }>("/api/analytics")).totalRuns;

/** How many runs the table over time counts now. */
const counted = (page: Page): Promise<number> =>
  page
    .getByRole("region", { name: "Runs over time, as a table" })
    .getByRole("row")
    .evaluateAll((all) => all.slice(1).reduce((sum, row) => sum + Number(row.querySelectorAll("td")[1]?.textContent), 0));

test("figures, errors and deployments are those of the runs there were", async ({ app, server, client }) => {
  await seed(server, client);
  await expect.poll(() => ended(client)).toBeGreaterThanOrEqual(10);
  await app.goto("/?range=hour");
  await expect(app.getByRole("term").filter({ hasText: "Success rate" })).toBeVisible();
  await expect(app.getByRole("definition").first()).not.toHaveText("–");
  await expect(app.getByRole("img", { name: /^Bar chart of \d+ runs/ })).toBeVisible();
  const bar = app.getByRole("img", { name: /^Bar chart/ }).locator(".bg-series-1").last();
  expect((await bar.boundingBox())?.width).toBeGreaterThan(3);
  const map = app.getByRole("img", { name: /^Runs by duration/ });
  await expect(map).toBeVisible();
  // Its names stand at their rows, and over nothing else.
  const names = await map.locator("xpath=../preceding-sibling::ul").boundingBox();
  const highest = await map.locator("xpath=../preceding-sibling::ul/li").last().boundingBox();
  expect(names && highest && highest.y >= names.y - 1, "the names of the map are higher than the map").toBe(true);
  await expect(app.getByRole("cell", { name: /checks\/mailbox/ })).toBeVisible();
  await expect(app.getByRole("link", { name: /Newest run/ }).first()).toBeVisible();
  await expect(app.getByRole("row", { name: /Picky/ })).toContainText("On");
});

test("runs are looked at closer: pointed at, by keys, as a table, and a part of the time", async ({ app, server, client }) => {
  const before = await ended(client);
  const fired = await fireEach(server, client, { name: "Ada" });
  await expect.poll(() => ended(client)).toBeGreaterThanOrEqual(before + fired);
  await app.goto("/?range=hour");
  await app.getByRole("link", { name: "Look closer" }).click();
  await expect(app).toHaveURL(/monitoring\/performance\?range=hour/);
  const [runs, times] = ["Runs", "Duration"].map((what) => app.getByRole("slider", { name: `${what} over time` })) as [Locator, Locator];
  await expect(runs.locator("canvas")).toBeVisible();
  await runs.focus();
  await app.keyboard.press("End");
  for (let part = 0; part < 10 && !(await runs.getAttribute("aria-valuetext"))?.includes("p95"); part++) await app.keyboard.press("ArrowLeft");
  await expect(runs).toHaveAttribute("aria-valuetext", /^1 min from .* runs?, \d+ failed, p50 .*, p95 .*, p99 /);
  // One cursor is over both, also while both are drawn anew.
  await expect.poll(async () => (await times.getAttribute("aria-valuetext")) === (await runs.getAttribute("aria-valuetext"))).toBe(true);
  for (const chart of [runs, times]) await expect(chart.locator(".u-cursor-x")).not.toHaveCSS("transform", "matrix(1, 0, 0, 1, -10, 0)");
  for (let part = 0; part < 5; part++) await app.keyboard.press("Shift+ArrowLeft");
  await app.keyboard.press("Enter");
  await expect(app).toHaveURL(/since=.*until=/);
  await expect(app.getByText(/in parts of \d+ s$/).first()).toBeVisible();
  await app.getByRole("button", { name: "Whole range" }).click();
  await expect(app).not.toHaveURL(/since=/);
  const box = await times.boundingBox();
  if (!box) throw new Error("there is no chart");
  await app.mouse.move(box.x + box.width * 0.6, box.y + box.height / 2);
  await app.mouse.down();
  await app.mouse.move(box.x + box.width * 0.9, box.y + box.height / 2, { steps: 5 });
  await app.mouse.up();
  await expect(app).toHaveURL(/since=.*until=/);
  await app.getByRole("button", { name: "Whole range" }).click();
  await app.getByRole("button", { name: "As a table" }).click();
  await expect(app.getByRole("region", { name: "Runs over time, as a table" }).getByRole("row").nth(1)).toBeVisible();
  // What is shown may be older than what is asked now; it is asked for again every 15 s.
  await expect.poll(async () => (await counted(app)) - (await ended(client)), { timeout: 60_000 }).toBe(0);
});

test("a flow, a time range and a project narrow what is shown", async ({ app, client }) => {
  await app.goto("/");
  await app.getByRole("combobox", { name: "Flow" }).click();
  await app.getByRole("option", { name: "Quote (a graph)" }).click();
  await expect(app).toHaveURL(/flow=/);
  await app.getByRole("radio", { name: "Week" }).click();
  await expect(app).toHaveURL(/range=week/);
  await app.reload();
  await expect(app.getByRole("radio", { name: "Week" })).toBeChecked();
  await client.post("/api/projects", { name: "empty" });
  await app.goto("/");
  await app.getByRole("combobox", { name: "Project" }).click();
  await app.getByRole("option", { name: "empty" }).click();
  await expect(app.getByText("Project empty")).toBeVisible();
  await expect(app.getByText("No run ended in this time.").first()).toBeVisible();
  await app.goto("/flows");
  await expect(app.getByText("No flows in empty yet")).toBeVisible();
});

test("the dashboard is light: at most 220 kB of scripts and styles, compressed", async ({ app }) => {
  const sizes: [string, number][] = [];
  app.on("response", async (answer) => {
    if (!/\.(js|css)$/.test(new URL(answer.url()).pathname)) return;
    sizes.push([answer.url(), gzipSync(await answer.body()).length]);
  });
  await app.goto("/");
  await expect(app.getByRole("img", { name: /^Bar chart|^Runs by/ }).or(app.getByText("No run ended")).first()).toBeVisible();
  await app.waitForLoadState("networkidle");
  const total = sizes.reduce((sum, [, size]) => sum + size, 0);
  console.log(`scripts and styles of the dashboard: ${(total / 1_000).toFixed(1)} kB in ${sizes.length} files`);
  const largest = sizes.toSorted(([, a], [, b]) => b - a).slice(0, 12);
  console.log(largest.map(([url, size]) => `${(size / 1_000).toFixed(1).padStart(6)} ${new URL(url).pathname}`).join("\n"));
  expect(sizes.length).toBeGreaterThan(1);
  expect(total).toBeLessThanOrEqual(220_000);
});
