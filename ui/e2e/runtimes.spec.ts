import { Server } from "./support/server";
import { expect, test as base } from "./support/test";

/** A server with a connection to a cluster that is not there. */
const test = base.extend<object, { server: Server }>({
  server: [
    async ({}, use) => {
      const main = { address: "127.0.0.1:9", namespace: "default" };
      const server = await Server.make({ WEIR_TEMPORAL: JSON.stringify({ main }) });
      await use(server);
      await server.remove();
    },
    { scope: "worker", timeout: 180_000 },
  ],
});

test.use({ allowed: "status of 502" });

test("what carries a flow's runs is chosen where it is switched on; what cannot be reached is told, and nothing is half on", async ({ app, client }) => {
  const text = "type: Sequence\nid: chosen\nchildren: []\n";
  const flow = await client.post<{ id: string }>("/api/flows", { name: "chosen", title: "Chosen", files: [{ name: "flow.yaml", text }] });
  await client.send("POST", `/api/flows/${flow.id}/versions`, {}, { "if-match": `"1"` });
  await app.goto(`/flows/${flow.id}`);
  const choose = app.getByRole("button", { name: "Choose what carries its runs" });
  await choose.focus();
  await app.keyboard.press("Enter");
  await expect(app.getByRole("menuitem")).toHaveText(["Switch on, on this server", "Switch on, on Temporal, main"]);
  await app.getByRole("menuitem", { name: "Switch on, on Temporal, main" }).click();
  await expect(app.getByText(/127\.0\.0\.1:9/).first()).toBeVisible({ timeout: 30_000 });
  await expect(app.getByRole("button", { name: "Switch on" })).toBeVisible();
  await choose.click();
  await app.getByRole("menuitem", { name: "Switch on, on this server" }).click();
  await expect(app.getByRole("button", { name: "Switch off" })).toBeVisible();
  await expect(choose).toHaveCount(0);
  await app.goto("/flows?text=chosen");
  await app.getByRole("switch", { name: /Chosen/ }).click();
  await app.getByRole("button", { name: /^More for Chosen/ }).click();
  await expect(app.getByRole("menuitem", { name: "Switch on, on Temporal, main" })).toBeVisible();
});
