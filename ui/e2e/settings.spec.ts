import { readFile } from "node:fs/promises";
import type { Page } from "@playwright/test";
import { seriousFindings } from "./support/axe";
import { Client } from "./support/client";
import { OWNER } from "./support/server";
import { settle } from "./support/settle";
import { expect, test } from "./support/test";
import { code } from "./support/totp";

const LONG = `a-name-that-goes-on-${"and-on-".repeat(11)}end`.slice(0, 100);

/** Somebody who is a member with a role, signed in. */
async function member(client: Client, url: string, email: string, role: string): Promise<Client> {
  const { link } = await client.post<{ link: string }>("/api/invitations", { email, role });
  await client.post("/api/invitations/accept", { token: link.split("#")[1], password: "a long enough password" });
  return Client.signIn(url, email, "a long enough password");
}

async function confirm(page: Page, word: string, action: string): Promise<void> {
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByRole("button", { name: action })).toBeDisabled();
  await dialog.getByLabel(/^Type/).fill(word);
  await dialog.getByRole("button", { name: action }).click();
  await expect(dialog).toBeHidden();
}

test("an API key is shown once, works as far as its scopes, and is revoked", async ({ app, server }) => {
  await app.goto("/settings/keys");
  await app.getByRole("button", { name: "New key" }).first().click();
  await app.getByLabel("Name").fill("Weekly import");
  await app.getByRole("radio", { name: "Only some of it" }).click();
  await expect(app.getByRole("button", { name: "Make key" })).toBeDisabled();
  await app.getByRole("checkbox", { name: /flows\.read/ }).check();
  expect(await seriousFindings(app)).toEqual([]);
  await app.getByRole("button", { name: "Make key" }).click();
  const key = (await app.getByRole("status", { name: "API key" }).textContent()) ?? "";
  expect(key).toMatch(/^weir_/);
  const ask = (path: string) => fetch(`${server.url}${path}`, { headers: { authorization: `Bearer ${key}` } });
  expect((await ask("/api/flows")).status).toBe(200);
  expect((await ask("/api/members")).status).toBe(403);
  await app.getByRole("button", { name: "I have kept it" }).click();
  await expect(app.getByRole("row", { name: /Weekly import/ })).toContainText("flows.read");
  await expect.poll(() => app.content()).not.toContain(key);
  await app.getByRole("button", { name: "Revoke Weekly import" }).click();
  await confirm(app, "Weekly import", "Revoke key");
  await expect(app.getByRole("row", { name: /Weekly import/ })).toHaveCount(0);
  expect((await ask("/api/flows")).status).toBe(401);
});

test.describe("two who change the same", () => {
  test.use({ allowed: "status of 409|status of 404" });

  test("a secret is written over only when that is meant, and what was typed stays", async ({ app, client }) => {
    const path = "/api/projects/demo/secrets/contested";
    await client.send("PUT", path, { value: "first" });
    await app.goto("/settings/secrets?project=demo");
    await app.getByRole("button", { name: "New value for contested" }).click();
    await app.getByLabel("Value", { exact: true }).fill("typed here");
    await client.send("PUT", path, { value: "second" });
    await app.getByRole("button", { name: "Keep secret" }).click();
    await expect(app.getByRole("alert")).toContainText("meanwhile");
    await expect(app.getByLabel("Value", { exact: true })).toHaveValue("typed here");
    await app.getByRole("button", { name: "Save mine over it" }).click();
    await expect(app.getByRole("dialog")).toBeHidden();
    expect(await client.get(path)).toMatchObject({ revision: 3 });
    await app.getByRole("button", { name: "Delete contested" }).click();
    await confirm(app, "contested", "Delete secret");
    await expect(app.getByText("contested", { exact: true })).toHaveCount(0);
  });

  test("a project's description keeps both until one is chosen", async ({ app, client }) => {
    await client.post("/api/projects", { name: "shared", description: "old" });
    await app.goto("/settings/projects");
    await app.getByRole("button", { name: /^shared/ }).click();
    await app.getByLabel("Description").fill("mine");
    await client.send("PATCH", "/api/projects/shared", { description: "theirs" }, { "if-match": '"1"' });
    await app.getByRole("button", { name: "Save", exact: true }).click();
    await expect(app.getByRole("alert")).toContainText("theirs");
    await expect(app.getByLabel("Description")).toHaveValue("mine");
    await app.getByRole("button", { name: "Save mine over it" }).click();
    await expect(app.getByRole("row", { name: /^shared mine/ })).toBeVisible();
    await app.getByRole("button", { name: "More for shared" }).click();
    await app.getByRole("menuitem", { name: "Delete" }).click();
    await confirm(app, "shared", "Delete project");
    await expect(app.getByRole("row", { name: /^shared/ })).toHaveCount(0);
  });

  test("a variable that a flow has set meanwhile is not lost unseen", async ({ app, client }) => {
    const path = "/api/projects/demo/variables/levy";
    await client.send("PUT", path, { value: 1 });
    await app.goto("/settings/variables?project=demo");
    await app.getByRole("button", { name: "Edit levy" }).click();
    await app.getByLabel("Value", { exact: true }).fill("[1,");
    await app.getByRole("button", { name: "Set variable" }).click();
    await expect(app.getByText(/no JSON/)).toBeVisible();
    await app.getByLabel("Value", { exact: true }).fill("2");
    await client.send("PUT", path, { value: 3 }, { "if-match": "*" });
    await app.getByRole("button", { name: "Set variable" }).click();
    await expect(app.getByRole("alert")).toContainText("3");
    await app.getByRole("button", { name: "Set mine over it" }).click();
    await expect(app.getByRole("dialog")).toBeHidden();
    expect(await client.get(path)).toMatchObject({ value: 2 });
    await app.getByRole("button", { name: "Delete levy" }).click();
    await app.getByRole("button", { name: "Undo" }).click();
    await expect(app.getByRole("row", { name: /^levy 2/ })).toBeVisible();
  });

  test("a role that somebody else has changed is asked about", async ({ app, client, server }) => {
    await member(client, server.url, "hal@example.org", "viewer");
    await app.goto("/settings/members");
    const role = app.getByRole("combobox", { name: "Role of hal@example.org" });
    await expect(role).toHaveText("Viewer");
    const { items } = await client.get<{ items: { user: string; email: string; revision: number }[] }>("/api/members");
    const hal = items.find(({ email }) => email === "hal@example.org");
    await client.send("PATCH", `/api/members/${hal?.user}`, { role: "operator" }, { "if-match": `"${hal?.revision}"` });
    await role.click();
    await app.getByRole("option", { name: "Editor" }).click();
    await expect(app.getByRole("dialog")).toContainText("operator");
    // Whoever removes somebody removes them as they were seen last.
    const seen = app.waitForResponse((answer) => answer.request().method() === "GET" && new URL(answer.url()).pathname === "/api/members");
    await app.getByRole("button", { name: "Make editor" }).click();
    await expect(role).toHaveText("Editor");
    await seen;
    await app.getByRole("button", { name: "Remove hal@example.org" }).click();
    await confirm(app, "hal@example.org", "Remove member");
    await expect(role).toHaveCount(0);
  });
});

test("somebody is invited, joins by the link and signs in; the only owner stays owner", async ({ app, browser }) => {
  await app.goto("/settings/members");
  await expect(app.getByText("the only one")).toBeVisible();
  await expect(app.getByRole("combobox", { name: `Role of ${OWNER}` })).toHaveCount(0);
  await app.getByRole("button", { name: "Invite" }).click();
  await app.getByLabel("E-mail").fill("ada@example.org");
  await app.getByRole("dialog").getByRole("button", { name: "Invite" }).click();
  const link = (await app.getByRole("status", { name: "Link of the invitation" }).textContent()) ?? "";
  await app.getByRole("button", { name: "I have kept it" }).click();
  await expect(app.getByRole("row", { name: /ada@example.org/ })).toBeVisible();
  const theirs = await browser.newPage();
  await theirs.goto(link);
  await expect(theirs).toHaveURL(/\/join$/);
  await theirs.getByLabel("Your name").fill("Ada");
  await theirs.getByLabel("Password").fill("a long enough password");
  await theirs.getByRole("button", { name: "Join" }).click();
  await theirs.getByRole("link", { name: "Sign in" }).click();
  await theirs.getByLabel("E-mail").fill("ada@example.org");
  await theirs.getByLabel("Password").fill("a long enough password");
  await theirs.getByRole("button", { name: "Sign in" }).click();
  await expect(theirs.getByRole("heading", { name: "Dashboard" })).toBeVisible();
  await theirs.close();
  await app.reload();
  await expect(app.getByRole("combobox", { name: "Role of ada@example.org" })).toHaveText("Editor");
});

test("whoever may only look is offered nothing else, and told so by address", async ({ page, client, server }) => {
  const viewer = await member(client, server.url, "vera@example.org", "viewer");
  const [name = "", value = ""] = viewer.cookie.split("=");
  await page.context().addCookies([{ name, value, url: server.url }]);
  await page.goto("/settings/members");
  await settle(page);
  await expect(page.getByRole("button", { name: "Invite" })).toHaveCount(0);
  await expect(page.getByRole("link", { name: "Audit log" })).toHaveCount(0);
  await page.goto("/settings/audit");
  await expect(page.getByText("Your role does not allow this")).toBeVisible();
  for (const path of ["secrets", "variables", "interfaces", "projects"]) {
    await page.goto(`/settings/${path}`);
    await settle(page);
    await expect(page.getByRole("button", { name: /^New / })).toHaveCount(0);
  }
});

test.describe("sign-in", () => {
  test.use({ allowed: "status of 401|status of 422" });

  test("an authenticator is set up by its picture, with recovery codes, and done without again", async ({ app, server }) => {
    await app.goto("/settings/account");
    await app.getByRole("button", { name: "Set up" }).click();
    await expect(app.getByRole("img", { name: "QR code of the key" })).toBeVisible();
    expect(await seriousFindings(app)).toEqual([]);
    const secret = (await app.getByRole("status", { name: "Key of the authenticator" }).textContent()) ?? "";
    await app.getByLabel("Code", { exact: true }).fill("000000");
    await app.getByRole("button", { name: "Take into use" }).click();
    await expect(app.getByText(/code is wrong/i)).toBeVisible();
    await expect(app.getByRole("dialog", { name: "Your session has ended" })).toHaveCount(0);
    await app.getByLabel("Code", { exact: true }).fill(code(secret, Date.now()));
    await app.getByRole("button", { name: "Take into use" }).click();
    const codes = app.getByRole("list", { name: "Recovery codes" }).getByRole("listitem");
    await expect(codes.first()).toBeVisible();
    const [file] = await Promise.all([app.waitForEvent("download"), app.getByRole("button", { name: "Download" }).click()]);
    const kept = (await readFile(await file.path(), "utf8")).trim().split("\n");
    expect(kept).toEqual(await codes.allTextContents());
    await app.getByRole("button", { name: "I have kept them" }).click();
    await expect(app.getByText("In use", { exact: true })).toBeVisible();
    await app.getByRole("button", { name: "Do without" }).click();
    await app.getByLabel("Your password").fill("wrong");
    await app.getByRole("dialog").getByRole("button", { name: "Do without" }).click();
    await expect(app.getByText(/password is wrong/i)).toBeVisible();
    await app.getByLabel("Your password").fill(server.password);
    await app.getByRole("dialog").getByRole("button", { name: "Do without" }).click();
    await expect(app.getByText("Not in use", { exact: true })).toBeVisible();
  });

  test("a password is changed, and other browsers are signed out", async ({ page, client, server }) => {
    const ben = await member(client, server.url, "ben@example.org", "viewer");
    await Client.signIn(server.url, "ben@example.org", "a long enough password");
    const [name = "", value = ""] = ben.cookie.split("=");
    await page.context().addCookies([{ name, value, url: server.url }]);
    await page.goto("/settings/account");
    await expect(page.getByRole("button", { name: "Sign out there" }).first()).toBeVisible();
    await page.getByLabel("Present password").fill("not this");
    await page.getByLabel("New password", { exact: true }).fill("another long password");
    await page.getByLabel("New password, once more").fill("another long passw");
    await expect(page.getByText("This is not the same.")).toBeVisible();
    await page.getByLabel("New password, once more").fill("another long password");
    await page.getByRole("button", { name: "Change password" }).click();
    await expect(page.getByText(/password is wrong/i)).toBeVisible();
    await page.getByLabel("Present password").fill("a long enough password");
    await page.getByRole("button", { name: "Change password" }).click();
    await expect(page.getByRole("button", { name: "Sign out there" })).toHaveCount(0);
    await Client.signIn(server.url, "ben@example.org", "another long password");
  });

  test("a link that leads nowhere any more says so", async ({ page }) => {
    await page.goto("/join#weiri_used");
    await page.getByLabel("Password").fill("a long enough password");
    await page.getByRole("button", { name: "Join" }).click();
    await expect(page.getByRole("alert")).toContainText(/invitation/);
    await page.goto("/reset#weirr_used");
    await page.getByLabel("New password").fill("a long enough password");
    await page.getByRole("button", { name: "Set password" }).click();
    await expect(page.getByText(/used|old|wrong/).first()).toBeVisible();
  });
});

test.describe("interfaces", () => {
  test.use({ allowed: "status of 409" });

  test("a flow is opened at an address by a key, closed, changed by two, and deleted", async ({ app, client }) => {
    await app.goto("/settings/interfaces?project=demo");
    await app.getByRole("button", { name: "New interface" }).first().click();
    await app.getByLabel("Name").fill("orders");
    await app.getByRole("button", { name: "Open it" }).click();
    await expect(app.getByText("Choose the flow that answers.")).toBeVisible();
    await app.getByRole("combobox", { name: "Flow" }).click();
    await app.getByRole("option", { name: "Quote (a graph)" }).click();
    await app.getByLabel("PUT").check();
    expect(await seriousFindings(app)).toEqual([]);
    await app.getByRole("button", { name: "Open it" }).click();
    await expect(app.getByRole("dialog")).toBeHidden();
    await app.getByRole("button", { name: "Keys of orders" }).click();
    await app.getByLabel("New key for").fill("The shop");
    await app.getByRole("button", { name: "Make key" }).click();
    const key = (await app.getByRole("status", { name: "Key of the interface" }).textContent()) ?? "";
    await app.getByRole("button", { name: "I have kept it" }).click();
    await expect(app.getByText("The shop", { exact: true })).toBeVisible();
    // The one with the key is gone first: Escape is for the other.
    await expect(app.getByRole("dialog")).toHaveCount(1);
    // While the other is still on its way out, Escape may be taken for it.
    await expect(async () => {
      await app.keyboard.press("Escape");
      await expect(app.getByRole("dialog")).toHaveCount(0, { timeout: 2_000 });
    }).toPass();
    const { url, revision } = await client.get<{ url: string; revision: number }>("/api/projects/demo/interfaces/orders");
    const call = (headers: Record<string, string>) => fetch(url, { method: "POST", headers: { "content-type": "application/json", ...headers }, body: '{"name":"Ada"}' });
    expect((await call({})).status).toBe(401);
    expect((await call({ "x-api-key": key })).status).toBeLessThan(300);
    await app.getByRole("button", { name: "Edit orders" }).click();
    await app.getByLabel("Description").fill("mine");
    await client.send("PATCH", "/api/projects/demo/interfaces/orders", { description: "theirs" }, { "if-match": `"${revision}"` });
    await app.getByRole("button", { name: "Save", exact: true }).click();
    await expect(app.getByRole("alert")).toContainText("meanwhile");
    await app.getByRole("button", { name: "Take theirs" }).click();
    await expect(app.getByLabel("Description")).toHaveValue("theirs");
    await app.getByRole("button", { name: "Save mine over it" }).click();
    await expect(app.getByRole("dialog")).toBeHidden();
    await app.getByRole("switch", { name: "orders: close" }).click();
    await expect(app.getByRole("switch", { name: "orders: open" })).toBeVisible();
    expect((await call({ "x-api-key": key })).status).toBe(404);
    await app.getByRole("button", { name: "Delete orders" }).click();
    await confirm(app, "orders", "Delete interface");
    await expect(app.getByRole("row", { name: /^orders/ })).toHaveCount(0);
  });

  test("variables are opened to another project", async ({ app, client }) => {
    await app.goto("/settings/interfaces?project=demo");
    await app.getByRole("button", { name: "New interface" }).first().click();
    await app.getByRole("radio", { name: "Variables, to other projects" }).click();
    await app.getByLabel("Name", { exact: true }).fill("rates");
    await app.getByLabel("To be read").fill("exchange_rate\nother");
    await app.getByRole("button", { name: "Add a project" }).click();
    await app.getByRole("combobox", { name: "Project 1" }).click();
    await app.getByRole("option", { name: "default" }).click();
    await app.getByLabel("Only read").check();
    expect(await seriousFindings(app)).toEqual([]);
    await app.getByRole("button", { name: "Open it" }).click();
    await expect(app.getByRole("row", { name: /^rates/ })).toContainText("2 variables");
    expect(await client.get("/api/projects/demo/interfaces/rates")).toMatchObject({ settings: { read: ["exchange_rate", "other"], allow: [{ project: "default", readOnly: true }] } });
  });
});

test("the audit log is filtered, scrolled and says what differs", async ({ app, client }) => {
  await client.post("/api/projects", { name: "audited", description: "before" });
  for (let revision = 1; revision <= 130; revision++) await client.send("PATCH", "/api/projects/audited", { description: `no. ${revision}` }, { "if-match": `"${revision}"` });
  await app.goto("/settings/audit?text=audited");
  await expect(app.getByText(/The first 100 changes/)).toBeVisible();
  const rows = app.getByRole("rowgroup").getByRole("row");
  expect(await rows.count()).toBeLessThan(60);
  await app.getByRole("rowgroup").evaluate((list) => list.scrollTo(0, list.scrollHeight));
  await expect(app.getByText(/^13\d changes$/)).toBeVisible();
  await app.getByRole("combobox", { name: "Kind of change" }).click();
  await app.getByRole("option", { name: "project.created" }).click();
  await expect(app.getByText("1 change", { exact: true })).toBeVisible();
  await app.getByRole("button", { name: /^About project.created/ }).click();
  await expect(app.getByRole("dialog").getByRole("row", { name: /description/ })).toContainText("before");
  expect(await seriousFindings(app)).toEqual([]);
  await app.getByRole("button", { name: "All changes of the same" }).click();
  await expect(app).toHaveURL(/target=/);
  await app.goto("/settings/audit?text=nobody-wrote-this");
  await app.getByRole("button", { name: "Clear the filters" }).click();
  await expect(app).toHaveURL(/audit$/);
});

test("the audit log calls things by their names, and says what is deleted", async ({ app, client }) => {
  const file = { name: "flow.yaml", text: "type: Sequence\nid: flow\nchildren:\n  - {type: PrintAction, id: say, props: {message: hello}}\n" };
  const made = await client.post<{ id: string }>("/api/flows", { name: "named-in-the-log", title: "Named in the log", files: [file] });
  await client.post(`/api/flows/${made.id}/start`);
  await client.post(`/api/flows/${made.id}/stop`);
  await app.goto(`/settings/audit?target=${made.id}`);
  const rows = app.getByRole("rowgroup").getByRole("row");
  await expect(rows.first()).toContainText("Named in the log");
  await expect(app.getByRole("button", { name: /^Only Named in the log/ })).toBeVisible();
  const gone = await client.post<{ id: string }>("/api/flows", { name: "gone-from-the-log", title: "Gone", files: [file] });
  await client.send("DELETE", `/api/flows/${gone.id}`, undefined, { "if-match": '"1"' });
  await app.goto(`/settings/audit?target=${gone.id}`);
  await expect(rows.first()).toContainText("Gone (deleted)");
});

test("long names and names that run from right to left stay inside the page", async ({ app, client }) => {
  await client.send("PUT", `/api/projects/demo/variables/${LONG}`, { value: "مرحبا ".repeat(60) });
  await client.send("PUT", `/api/projects/demo/secrets/${LONG}`, { value: "x", description: "استلام الطلبات ".repeat(30) });
  await client.post("/api/keys", { name: LONG, scopes: ["flows.read"] });
  for (const path of ["variables?project=demo", "secrets?project=demo", "keys", "audit"]) {
    await app.goto(`/settings/${path}`);
    await settle(app);
    const wide = await app.evaluate(() => document.querySelector("main")?.scrollWidth ?? 0);
    expect(wide, path).toBeLessThanOrEqual(await app.evaluate(() => document.querySelector("main")?.clientWidth ?? 0));
  }
});

test.describe("a server that fails", () => {
  test.use({ allowed: "status of 500|status of 402" });

  test("says so in the place of the list, and the list comes with another try", async ({ app }) => {
    let broken = true;
    await app.route("**/api/keys**", (route) => (broken ? route.fulfill({ status: 500, contentType: "application/problem+json", body: JSON.stringify({ type: "/docs/errors/UNAVAILABLE", title: "x", status: 500, detail: "the disk is full", code: "UNAVAILABLE" }) }) : route.fallback()));
    await app.goto("/settings/keys");
    await expect(app.getByRole("alert")).toContainText("disk is full");
    broken = false;
    await app.getByRole("button", { name: "Try again" }).click();
    await expect(app.getByRole("alert")).toHaveCount(0);
  });
});
