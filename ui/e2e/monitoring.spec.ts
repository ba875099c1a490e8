import { seriousFindings } from "./support/axe";
import type { Client } from "./support/client";
import { settle } from "./support/settle";
import { expect, test } from "./support/test";

interface Flow {
  id: string;
  name: string;
}

async function flowNamed(client: { get: <T>(path: string) => Promise<T> }, name: string): Promise<Flow> {
  const { items } = await client.get<{ items: Flow[] }>("/api/flows?limit=200");
  const found = items.find((flow) => flow.name === name);
  if (!found) throw new Error(`no flow ${name}`);
  return found;
}

test("flows are counted by how they stand, and switched off and on", async ({ app }) => {
  await app.goto("/monitoring");
  await expect(app).toHaveURL(/\/monitoring\/deployments$/);
  await expect(app.getByText("Well", { exact: true })).toBeVisible();
  const turn = app.getByRole("switch", { name: /^Welcome .*switch off$/ });
  await turn.click();
  const off = app.getByRole("radio", { name: /^Off: [1-9]/ });
  await off.click();
  await expect(app).toHaveURL(/show=off/);
  await expect(app.getByRole("switch", { name: /switch off$/ })).toHaveCount(0);
  await app.getByRole("switch", { name: /^Welcome .*switch on$/ }).click();
  await expect(app.getByRole("switch", { name: /^Welcome / })).toHaveCount(0);
  if (await app.getByText("No flow is in this state").isVisible()) await app.getByRole("button", { name: "Show all" }).click();
  else await app.getByRole("radio", { name: /^All: / }).click();
  await expect(app.getByRole("switch", { name: /^Welcome .*switch off$/ })).toBeVisible();
});

interface Line {
  id: string;
  revision: number;
  spec?: { type: string };
}

/** What other tests have planned is taken away. */
async function withoutSchedules(client: Client): Promise<void> {
  for (const { id } of (await client.get<{ items: Line[] }>("/api/flows?limit=200")).items) {
    const { items } = await client.get<{ items: Line[] }>(`/api/flows/${id}/triggers`);
    for (const one of items) if (one.spec?.type === "schedule") await client.send("DELETE", `/api/flows/${id}/triggers/${one.id}`, undefined, { "if-match": `"${one.revision}"` });
  }
}

test("the calendar shows what is due, by week and by month, with the keyboard alone", async ({ app, client }) => {
  const flow = await flowNamed(client, "quote");
  await withoutSchedules(client);
  await app.goto("/monitoring/schedule");
  await expect(app.getByText(/Nothing is due/)).toBeVisible();
  await client.post(`/api/flows/${flow.id}/triggers`, { name: "often", spec: { type: "schedule", schedule: { every: { interval: "1h", from: "2026-01-01T00:30:00Z" } } } });
  await client.post(`/api/flows/${flow.id}/triggers`, { name: "daily", spec: { type: "schedule", schedule: { cron: { expression: "15 6 * * *" } } } });
  await app.reload();
  // Keys mean something once there is something to see; what this week still brings depends on the day.
  await settle(app);
  await app.keyboard.press("n");
  const monday = app.getByRole("listitem").first();
  await expect(monday.getByRole("link", { name: /00:30 quote 24× often, until 23:30/ })).toBeVisible();
  await expect(monday.getByRole("link", { name: /06:15 quote daily, by the clock of UTC/ })).toBeVisible();
  await expect(app).toHaveURL(/day=/);
  expect(await seriousFindings(app)).toEqual([]);
  await app.keyboard.press("m");
  await expect(app).toHaveURL(/view=month/);
  await app.keyboard.press("t");
  await expect(app).not.toHaveURL(/day=/);
  await expect(app.locator("[aria-current=date]")).toBeVisible();
  await app.keyboard.press("w");
  await app.keyboard.press("p");
  await expect(app.getByText("This week is over")).toBeVisible();
});

test("a flow that is off is marked in the calendar", async ({ app, client }) => {
  const flow = await flowNamed(client, "help-desk");
  await client.post(`/api/flows/${flow.id}/triggers`, { name: "nightly", spec: { type: "schedule", schedule: { cron: { expression: "0 3 * * *" } } } });
  await client.post(`/api/flows/${flow.id}/stop`);
  await app.goto("/monitoring/schedule");
  await app.getByRole("button", { name: "Later week" }).click();
  await expect(app.getByRole("link", { name: /03:00 help-desk nightly.*the flow is off/ }).first()).toBeVisible();
  await client.post(`/api/flows/${flow.id}/start`);
});

test("usage is told with its limits", async ({ app }) => {
  await app.route("**/api/usage", (route) =>
    route.fulfill({ json: { month: "2026-11", executions: { used: 95, limit: 100 }, flows: { used: 3, limit: 3 }, members: { used: 1 }, memory: { used: 2048, limit: 1048576 } } }),
  );
  await app.goto("/monitoring/usage");
  await expect(app.getByRole("meter", { name: "Runs this month" })).toHaveAttribute("aria-valuetext", "95.0 %");
  await expect(app.getByText("Nearly used up")).toBeVisible();
  await expect(app.getByText("Used up", { exact: true })).toBeVisible();
  expect(await seriousFindings(app)).toEqual([]);
});
