import { OWNER } from "./support/server";
import { expect, test } from "./support/test";
import { code } from "./support/totp";

/** What a browser says when it is told that nobody is signed in. */
const REFUSED = "status of 401";

test.use({ allowed: REFUSED });

test("a wrong password is told, the right one leads to where one wanted to go", async ({ page, server }) => {
  await page.goto("/flows?text=quote");
  await expect(page).toHaveURL(/\/sign-in\?to=/);
  await page.getByLabel("E-mail").fill(OWNER);
  await page.getByLabel("Password").fill("not the right one");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert")).toContainText(/password/i);
  await page.getByLabel("Password").fill(server.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL(/\/flows\?text=quote$/);
  await expect(page.getByRole("link", { name: /Quote \(a graph\)/ })).toBeVisible();
});

test("the printed link signs in once", async ({ page, server }) => {
  await page.goto(server.link);
  await expect(page.getByRole("heading", { name: "Dashboard" })).toBeVisible();
  await page.context().clearCookies();
  await page.goto(server.link);
  await expect(page).toHaveURL(/\/sign-in\?problem=/);
  await expect(page.getByRole("alert")).toBeVisible();
});

test("an authenticator is asked for where there is one", async ({ page, server, client }) => {
  const { secret } = await client.post<{ secret: string }>("/api/two-factor");
  await client.send("PUT", "/api/two-factor", { code: code(secret, Date.now()) });
  try {
    await page.goto("/sign-in");
    await page.getByLabel("E-mail").fill(OWNER);
    await page.getByLabel("Password").fill(server.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByLabel("Code")).toBeFocused();
    // A code is good once; the next one is good half a minute early.
    await page.getByLabel("Code").fill(code(secret, Date.now() + 30_000));
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByRole("heading", { name: "Dashboard" })).toBeVisible();
  } finally {
    await client.send("DELETE", "/api/two-factor", { password: server.password });
  }
});

test("a session that ends is renewed over the page", async ({ app, server }) => {
  await app.goto("/flows?open=new");
  await app.getByRole("dialog").getByLabel("Name", { exact: true }).fill("Half written");
  await app.context().clearCookies();
  const dialog = app.getByRole("dialog", { name: "Your session has ended" });
  // What the page asks by itself may be refused first.
  await expect(async () => {
    if (!(await dialog.isVisible())) await app.getByRole("button", { name: "Make flow" }).click({ timeout: 1_000 });
    await expect(dialog).toBeVisible({ timeout: 2_000 });
  }).toPass();
  await dialog.getByLabel("Password").fill(server.password);
  await dialog.getByRole("button", { name: "Sign in" }).click();
  await expect(dialog).toBeHidden();
  await expect(app.getByRole("dialog").getByLabel("Name", { exact: true })).toHaveValue("Half written");
  await app.getByRole("button", { name: "Make flow" }).click();
  await expect(app).toHaveURL(/\/flows\/[0-9a-f-]+/);
});

test("signing out leads to where one signs in", async ({ page, server }) => {
  await page.goto("/sign-in");
  await page.getByLabel("E-mail").fill(OWNER);
  await page.getByLabel("Password").fill(server.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("button", { name: /^Account:/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page).toHaveURL(/\/sign-in$/);
  await page.goto("/flows");
  await expect(page).toHaveURL(/\/sign-in\?to=/);
});
