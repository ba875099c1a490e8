import { readFile } from "node:fs/promises";
import { expect, test } from "./support/test";

test("a flow is made, switched on and off, copied and deleted", async ({ app }) => {
  await app.goto("/flows");
  await app.getByRole("button", { name: "New flow" }).click();
  await app.getByRole("dialog").getByLabel("Name", { exact: true }).fill("Order intake");
  await app.getByText("Tree", { exact: true }).click();
  await app.getByRole("button", { name: "Make flow" }).click();
  await expect(app.getByRole("heading", { name: "Order intake" })).toBeVisible();
  await app.goto("/flows");
  const row = app.getByRole("row").filter({ has: app.getByRole("link", { name: /^Order intake order-intake/ }) });
  await expect(row.getByText("Draft")).toBeVisible();
  await row.getByRole("switch").click();
  await expect(row.getByText("On", { exact: true })).toBeVisible();
  await row.getByRole("button", { name: /^More for/ }).click();
  await app.getByRole("menuitem", { name: "Delete" }).click();
  await expect(app.getByText("Switch it off first", { exact: false })).toBeVisible();
  await app.getByRole("button", { name: "Cancel" }).click();
  await row.getByRole("switch").click();
  await expect(row.getByText("Off", { exact: true })).toBeVisible();
  await row.getByRole("button", { name: /^More for/ }).click();
  await app.getByRole("menuitem", { name: "Duplicate" }).click();
  await expect(app.getByRole("link", { name: /Order intake \(copy\)/ })).toBeVisible();
  await row.getByRole("button", { name: /^More for/ }).click();
  await app.getByRole("menuitem", { name: "Delete" }).click();
  await expect(app.getByRole("button", { name: "Delete flow" })).toBeDisabled();
  await app.getByLabel(/^Type/).fill("order-intake");
  await app.getByRole("button", { name: "Delete flow" }).click();
  await expect(row).toHaveCount(0);
  // At once by the message, and for a while from a list.
  await app.getByRole("button", { name: "Undo" }).click();
  await expect(row.getByText("Off", { exact: true })).toBeVisible();
  await row.getByRole("button", { name: /^More for/ }).click();
  await app.getByRole("menuitem", { name: "Delete" }).click();
  await app.getByLabel(/^Type/).fill("order-intake");
  // Behind a dialog the row counts as gone already, and leaving the page would take the request back.
  const deleted = app.waitForResponse((answer) => answer.request().method() === "DELETE");
  await app.getByRole("button", { name: "Delete flow" }).click();
  await deleted;
  await expect(row).toHaveCount(0);
  await app.goto("/flows?open=deleted");
  await app.getByRole("dialog", { name: "Deleted flows" }).getByRole("button", { name: "Bring back Order intake" }).click();
  await expect(app.getByText("Order intake is back, switched off")).toBeVisible();
  await app.keyboard.press("Escape");
  await expect(row.getByText("Off", { exact: true })).toBeVisible();
});

test.describe("a name that is taken", () => {
  test.use({ allowed: "status of 409" });

  test("is told at its field, and nothing that was entered is lost", async ({ app, client }) => {
    await client.post("/api/flows", { name: "taken", title: "Taken", files: [{ name: "flow.yaml", text: "type: Sequence\nid: taken\nchildren: []\n" }] });
    await app.goto("/flows?open=new");
    await app.getByRole("dialog").getByLabel("Name", { exact: true }).fill("Taken");
    await app.getByRole("button", { name: "Make flow" }).click();
    await expect(app.getByText(/taken/).last()).toBeVisible();
    await expect(app.getByRole("dialog").getByLabel("Name", { exact: true })).toHaveAttribute("aria-invalid", "true");
    await expect(app.getByRole("dialog").getByLabel("Name", { exact: true })).toHaveValue("Taken");
  });
});

test("what is exported can be imported again", async ({ app }) => {
  await app.goto("/flows?text=quote");
  await app.getByRole("button", { name: /^More for Quote/ }).click();
  const [file] = await Promise.all([app.waitForEvent("download"), app.getByRole("menuitem", { name: "Export" }).click()]);
  const text = await readFile(await file.path(), "utf8");
  expect(JSON.parse(text).flows[0].name).toBe("quote");
  const renamed = text.replaceAll('"quote"', '"quote-again"').replace("Quote (a graph)", "Quote again");
  await app.goto("/flows?open=import");
  await app.setInputFiles("input[type=file]", { name: "quote.weir.json", mimeType: "application/json", buffer: Buffer.from(renamed) });
  await expect(app.getByText("Will be made")).toBeVisible();
  await app.getByRole("dialog").getByRole("button", { name: "Import" }).click();
  await expect(app.getByRole("link", { name: /Quote again/ })).toBeVisible();
});

test("the text of a flow is imported as it is", async ({ app }) => {
  await app.goto("/flows?open=import");
  const text = "# kept\ntype: Sequence\nid: from-file\nchildren:\n  - type: PrintAction\n    id: say\n    props: {message: hello}\n";
  await app.setInputFiles("input[type=file]", { name: "from-file.yaml", mimeType: "text/yaml", buffer: Buffer.from(text) });
  await expect(app).toHaveURL(/\/flows\/[0-9a-f-]+/);
});

test("a template becomes a draft by one click, and again under another name", async ({ app, client }) => {
  const names: string[] = [];
  for (let time = 0; time < 2; time++) {
    await app.goto("/templates");
    await app.getByRole("button", { name: "Use Order process" }).click();
    await expect(app).toHaveURL(/\/flows\/[0-9a-f-]+/);
    const id = new URL(app.url()).pathname.split("/")[2];
    names.push((await client.get<{ name: string }>(`/api/flows/${id}`)).name);
  }
  for (const name of names) expect(name).toMatch(/^order-process(-\d+)?$/);
  expect(new Set(names).size).toBe(2);
});

test("every template can run as it is", async ({ app, client }, { project }) => {
  await app.goto("/templates");
  await expect(app.getByRole("button", { name: "Use Order process" })).toBeVisible();
  const names = await app.getByRole("button", { name: /^Use / }).evaluateAll((all) => all.map((one) => one.getAttribute("aria-label") ?? ""));
  expect(names.length).toBeGreaterThan(15);
  // Every one of them in `make browser`.
  for (const name of project.name === "short" ? names.slice(-3) : names) {
    await app.getByRole("link", { name: "Templates", exact: true }).click();
    await app.getByRole("button", { name, exact: true }).click();
    await expect(app).toHaveURL(/\/flows\/[0-9a-f-]+/);
    const id = new URL(app.url()).pathname.split("/")[2];
    const checked = await client.get<{ valid: boolean; diagnostics: unknown[] }>(`/api/flows/${id}/check`);
    expect(checked, name).toMatchObject({ valid: true });
  }
});

test("searching finds flows by what is in them, and says when there are none", async ({ app }) => {
  await app.goto("/flows");
  await app.getByLabel("Search flows").fill("mailbox");
  await expect(app.getByRole("link", { name: /Welcome/ })).toBeVisible();
  await expect(app.getByRole("link", { name: /Quote \(a graph\)/ })).toHaveCount(0);
  await app.getByLabel("Search flows").fill("nothing is called so");
  await app.getByRole("button", { name: "Show all flows" }).click();
  await expect(app.getByLabel("Search flows")).toHaveValue("");
  await expect(app.getByRole("row").nth(2)).toBeVisible();
});
