import { gzipSync } from "node:zlib";
import { seed } from "./support/seed";
import { expect, test } from "./support/test";

test("figures, errors and deployments are those of the runs there were", async ({ app, server, client }) => {
  await seed(server, client);
  await expect
    .poll(async () => (await client.get<{ totalRuns: number }>("/api/analytics")).totalRuns)
    .toBeGreaterThanOrEqual(10);
  await app.goto("/?range=hour");
  await expect(app.getByRole("term").filter({ hasText: "Success rate" })).toBeVisible();
  await expect(app.getByRole("definition").first()).not.toHaveText("–");
  await expect(app.getByRole("img", { name: /^Bar chart of \d+ runs/ })).toBeVisible();
  const bar = app.getByRole("img", { name: /^Bar chart/ }).locator(".bg-series-1").last();
  expect((await bar.boundingBox())?.width).toBeGreaterThan(3);
  await expect(app.getByRole("img", { name: /^Runs by duration/ })).toBeVisible();
  await expect(app.getByRole("cell", { name: /checks\/mailbox/ })).toBeVisible();
  await expect(app.getByRole("link", { name: /Newest run/ }).first()).toBeVisible();
  await expect(app.getByRole("row", { name: /Picky/ })).toContainText("On");
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
