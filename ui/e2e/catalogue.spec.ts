import { expect, test } from "./support/test";

test("a kind is found by what it is for, and shows what it takes and who uses it", async ({ app }) => {
  await app.goto("/integrations");
  await app.getByLabel("Search integrations").fill("fetch");
  await app.getByRole("link", { name: /HTTP request/ }).click();
  await expect(app.getByRole("heading", { name: "HTTP request" })).toBeVisible();
  await expect(app.getByText("required").first()).toBeVisible();
  // No test makes a flow with a step of this one.
  await app.goto("/integrations/mcp.server");
  await expect(app.getByText("No flow has a step of this kind yet.")).toBeVisible();
  await app.goto("/integrations/mock");
  await expect(app.getByRole("link", { name: "Welcome (a tree)" })).toBeVisible();
  await app.getByText("Examples", { exact: true }).scrollIntoViewIfNeeded();
  await app.locator("summary").first().click();
  await expect(app.getByRole("heading", { name: "Takes" }).last()).toBeVisible();
});

test.describe("a kind that does not exist", () => {
  test.use({ allowed: "status of 404" });

  test("says so", async ({ app }) => {
    await app.goto("/integrations/no.such.kind");
    await expect(app.getByRole("alert")).toContainText(/no such kind/i);
  });
});
