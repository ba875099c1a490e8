import { findingsInBothThemes } from "./support/axe";
import { flow, open, step } from "./support/builder";
import type { Client } from "./support/client";
import { settle } from "./support/settle";
import { expect, test } from "./support/test";

const tree = (message: string) => `type: Sequence\nid: said\nchildren:\n  - {type: PrintAction, id: hello, props: {message: ${message}}}\n`;

/** A flow with a version of each text; its draft is the last one. */
async function published(client: Client, texts: string[]): Promise<string> {
  const { id, files } = await flow(client, tree(texts[0] ?? ""));
  let { revision } = await client.get<{ revision: number }>(`/api/flows/${id}`);
  for (const text of texts) {
    const saved = await client.send<{ revision: number }>("PUT", `/api/flows/${id}`, { files: [{ name: files[0]?.name, text: tree(text) }] }, { "if-match": `"${revision}"` });
    await client.send("POST", `/api/flows/${id}/versions`, { notes: `It says ${text}` }, { "if-match": `"${saved.revision}"` });
    ({ revision } = await client.get<{ revision: number }>(`/api/flows/${id}`));
  }
  return id;
}

test("any two versions are compared, the address keeps which, and the same text is said to be so", async ({ app, client }) => {
  const id = await published(client, ["one", "two", "one"]);
  await open(app, id);
  await app.getByRole("button", { name: "More", exact: true }).click();
  await app.getByRole("menuitem", { name: "History" }).click();
  const sheet = app.getByRole("dialog", { name: "History of this flow" });
  await sheet.getByRole("listitem").filter({ hasText: "Version 3" }).getByRole("button", { name: "Compare" }).click();
  await expect(sheet.getByText("Version 3 and the draft are the same.")).toBeVisible();
  await expect(app).toHaveURL(/\?version=3$/);
  const other = sheet.getByRole("combobox", { name: "Compare version 3 with" });
  await other.click();
  await expect(app.getByRole("option")).toHaveText([/^The draft/, /^Version 2.*It says two/, /^Version 1.*It says one/]);
  await app.getByRole("option", { name: /^Version 2/ }).click();
  const shown = sheet.locator(".monaco-diff-editor");
  await expect(shown.filter({ hasText: "two" })).toHaveCount(1);
  await expect(app).toHaveURL(/version=3&with=2$/);
  await expect(sheet.getByLabel("Version 2 and version 3: before")).toBeAttached();
  await settle(app);
  expect(await findingsInBothThemes(app)).toEqual([]);

  await app.reload();
  await expect(shown.filter({ hasText: "two" })).toHaveCount(1);
  await other.focus();
  await app.keyboard.press("Enter");
  await expect(app.getByRole("option", { name: "Version 2" })).toBeFocused();
  await app.keyboard.press("End");
  await expect(app.getByRole("option", { name: "Version 1" })).toBeFocused();
  await app.keyboard.press("Enter");
  await expect(sheet.getByText("Version 1 and version 3 are the same.")).toBeVisible();
  await expect(app).toHaveURL(/version=3&with=1$/);
  await app.keyboard.press("Escape");
  await expect(sheet).toHaveCount(0);
  await expect(app).toHaveURL(new RegExp(`/flows/${id}$`));
  await expect(step(app, "hello")).toBeVisible();
});

test.describe("a version that is not there", () => {
  test.use({ allowed: "status of 404" });

  test("is told, and the others are listed", async ({ app, client }) => {
    const id = await published(client, ["one"]);
    await app.goto(`/flows/${id}?version=9`);
    const sheet = app.getByRole("dialog", { name: "History of this flow" });
    await expect(sheet.getByText("This flow has no version 9 that could be shown.")).toBeVisible();
    await expect(sheet.getByRole("button", { name: "Compare" })).toHaveCount(1);
  });
});
