import { findingsInBothThemes } from "./support/axe";
import { settle } from "./support/settle";
import { expect, test } from "./support/test";

// With a connection to a cluster that is not there.
test.use({ allowed: "status of 502", settings: { WEIR_TEMPORAL: JSON.stringify({ main: { address: "127.0.0.1:9", namespace: "default" } }) } });

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

test("what carries flows, and where it is chosen, can be used by everybody, in both themes", async ({ app, client }) => {
  const text = "type: Sequence\nid: carried\nchildren: []\n";
  const { id, project } = await client.post<{ id: string; project: string }>("/api/flows", { name: "carried", title: "Carried", files: [{ name: "flow.yaml", text }] });
  await client.send("POST", `/api/flows/${id}/versions`, {}, { "if-match": `"1"` });
  await client.send("PUT", `/api/projects/${project}/hosts/worker-1`, { state: "failed", error: "no room", flows: { [id]: { state: "running" } } });
  await client.send("PUT", `/api/flows/${id}/hosts/worker-2`, { state: "stopped" });
  await app.goto("/flows?text=carried");
  await app.getByRole("button", { name: /^More for Carried/ }).click();
  await expect(app.getByRole("menuitem", { name: "Switch on, on Temporal, main" })).toBeVisible();
  await settle(app);
  expect(await findingsInBothThemes(app)).toEqual([]);
  await app.goto(`/flows/${id}`);
  await app.getByRole("button", { name: "Choose what carries its runs" }).click();
  await expect(app.getByRole("menuitem")).toHaveCount(2);
  await settle(app);
  expect(await findingsInBothThemes(app)).toEqual([]);
  // Nothing answers as a cluster here, so the server's word for it is changed on its way.
  await app.route("**/api/flows?*", async (route) => {
    const answer = await route.fetch();
    const json = (await answer.json()) as { items: { id: string; status: { runtime: string } }[] };
    for (const line of json.items) if (line.id === id) line.status.runtime = "temporal:main";
    await route.fulfill({ response: answer, json });
  });
  await app.goto("/monitoring/deployments");
  await expect(app.getByRole("row", { name: /Carried/ }).getByText("on Temporal, main")).toBeVisible();
  await expect(app.getByRole("rowgroup", { name: "worker-1" })).toBeVisible();
  await expect(app.getByRole("rowgroup", { name: "worker-2" })).toBeVisible();
  await settle(app);
  expect(await findingsInBothThemes(app)).toEqual([]);
});
