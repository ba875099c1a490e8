import { seriousFindings } from "./support/axe";
import { expect, test } from "./support/test";

const LONG = `host-${"x".repeat(90)}`;

test("hosts are told with their flows, their code and what is wrong", async ({ app, client }) => {
  // Another test may have told of some.
  await app.route("**/api/projects/*/hosts*", (route) => route.fulfill({ json: { items: [] } }));
  await app.goto("/monitoring");
  await expect(app.getByText("No machine runs compiled flows")).toBeVisible();
  expect(await seriousFindings(app)).toEqual([]);
  await app.unroute("**/api/projects/*/hosts*");

  const { items } = await client.get<{ items: { id: string; name: string; project: string }[] }>("/api/flows?limit=200&project=demo");
  const [quote, other] = [items.find(({ name }) => name === "quote"), items.find(({ name }) => name !== "quote")];
  if (!quote || !other) throw new Error("the demo has no two flows");
  const flows = { [quote.id]: { state: "failed", error: "the code does not compile here" }, [other.id]: { state: "running" } };
  await client.send("PUT", "/api/projects/demo/hosts/worker-1", { state: "failed", flows });
  await client.send("PUT", `/api/flows/${quote.id}/hosts/${LONG}`, { state: "stopped", error: "it was taken away" });

  await app.reload();
  const whole = app.getByRole("rowgroup", { name: "worker-1" });
  await expect(whole.getByRole("row", { name: /worker-1 all of demo Failed/ })).toBeVisible();
  await expect(whole.getByRole("row", { name: /quote the code does not compile here Failed none yet/ })).toBeVisible();
  await expect(whole.getByRole("row", { name: new RegExp(`${other.name} Running none yet`) })).toBeVisible();
  const alone = app.getByRole("rowgroup", { name: LONG });
  await expect(alone.getByRole("row", { name: /one flow of demo Stopped/ })).toBeVisible();
  await expect(alone.getByText("it was taken away")).toBeVisible();
  expect(await seriousFindings(app)).toEqual([]);
  await whole.getByRole("link", { name: "quote", exact: true }).click();
  await expect(app).toHaveURL(new RegExp(`/flows/${quote.id}`));
  await client.send("DELETE", "/api/projects/demo/hosts/worker-1");
  await client.send("DELETE", `/api/flows/${quote.id}/hosts/${LONG}`);
});

test("a host with many flows shows some of them first", async ({ app }) => {
  const flows = Array.from({ length: 45 }, (_, index) => ({ flow: `f${index}`, name: `flow-${index}`, state: "running", healthy: true, compilation: 2, finishing: index === 0 ? [1] : [], loadedAt: "2026-11-28T10:00:00Z" }));
  const host = { name: "worker-2", state: "running", healthy: false, silent: true, flows, since: "2026-11-28T10:00:00Z", seenAt: "2026-11-28T10:00:00Z" };
  await app.route("**/api/projects/*/hosts*", (route) => route.fulfill({ json: { items: route.request().url().includes("/demo/") ? [host] : [] } }));
  await app.goto("/monitoring");
  const rows = app.getByRole("rowgroup", { name: "worker-2" });
  await expect(rows.getByRole("row", { name: /worker-2 all of demo Not heard of/ })).toBeVisible();
  await expect(rows.getByRole("row", { name: /flow-0 Not heard of 2, 1 until its runs have ended/ })).toBeVisible();
  await expect(rows.getByRole("link")).toHaveCount(20);
  await rows.getByRole("button", { name: "Show all 45 flows" }).click();
  await expect(rows.getByRole("link")).toHaveCount(45);
});

test.describe("a project whose hosts cannot be read", () => {
  test.use({ allowed: "status of 500" });

  test("hides nothing of the others, and is asked for again", async ({ app }) => {
    const host = { name: "worker-3", state: "running", healthy: true, silent: false, flows: [], since: "2026-11-28T10:00:00Z", seenAt: "2026-11-28T10:00:00Z" };
    let broken = true;
    await app.route("**/api/projects/*/hosts*", (route) => {
      if (broken && route.request().url().includes("/default/")) return route.fulfill({ status: 500, json: { code: "INTERNAL", detail: "The disk is full" } });
      return route.fulfill({ json: { items: route.request().url().includes("/demo/") ? [host] : [] } });
    });
    await app.goto("/monitoring");
    await expect(app.getByRole("rowgroup", { name: "worker-3" })).toBeVisible();
    const missing = app.getByRole("alert").filter({ hasText: "could not be read" });
    await expect(missing).toContainText("Hosts of default could not be read: The disk is full.");
    expect(await seriousFindings(app)).toEqual([]);
    broken = false;
    await missing.getByRole("button", { name: "Try again" }).click();
    await expect(missing).toHaveCount(0);
    await expect(app.getByRole("rowgroup", { name: "worker-3" })).toBeVisible();
  });
});
