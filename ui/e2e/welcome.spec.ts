import { Client } from "./support/client";
import { OWNER, Server } from "./support/server";
import { expect, test } from "./support/test";

interface Line {
  id: string;
  revision: number;
}

/** A server without a single flow: the demo's are taken away. */
async function bare(): Promise<{ server: Server; client: Client }> {
  const server = await Server.make();
  const client = await Client.signIn(server.url, OWNER, server.password);
  const { items } = await client.get<{ items: Line[] }>("/api/flows");
  for (const flow of items) {
    await client.post(`/api/flows/${flow.id}/stop`);
    await client.send("DELETE", `/api/flows/${flow.id}`, undefined, { "if-match": `"${flow.revision}"` });
  }
  return { server, client };
}

test.describe("on a server without flows", () => {
  test.use({ allowed: "asked elsewhere|status of 401|ERR_CONNECTION_REFUSED" });

  test("one is led to a first flow by three ways", async ({ page }) => {
    const { server, client } = await bare();
    try {
      const [name = "", value = ""] = client.cookie.split("=");
      await page.context().addCookies([{ name, value, url: server.url }]);
      await page.goto(server.url);
      await expect(page.getByRole("heading", { name: "Welcome to Weir" })).toBeVisible();
      await page.getByRole("link", { name: /^From a file/ }).click();
      await expect(page.getByRole("dialog", { name: "Import" })).toBeVisible();
      await page.goto(server.url);
      await page.getByRole("link", { name: /^From nothing/ }).click();
      await expect(page.getByRole("dialog", { name: "New flow" })).toBeVisible();
      await page.goto(`${server.url}/flows`);
      await expect(page.getByText("No flows yet")).toBeVisible();
      await page.goto(server.url);
      await page.getByRole("button", { name: "Use Order process" }).click();
      await expect(page).toHaveURL(/\/flows\/[0-9a-f-]+/);
      await page.goto(server.url);
      await expect(page.getByRole("heading", { name: "Dashboard" })).toBeVisible();
    } finally {
      // Nothing is asked any more of a server that goes.
      await page.goto("about:blank");
      await server.remove();
    }
  });
});
