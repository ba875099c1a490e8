import type { Page } from "@playwright/test";
import { canvas, flow, open, row, saved, step, textOf } from "./support/builder";
import type { Client } from "./support/client";
import { settle } from "./support/settle";
import { expect, test } from "./support/test";

const print = (message: string) => ({ activityName: "print", config: { message } });
const TWO = row({ start: { type: "trigger" }, hello: print("hello"), stop: { type: "end" } });

async function rename(app: Page, from: string, to: string): Promise<void> {
  await step(app, from).click();
  await app.keyboard.press("F2");
  await app.getByLabel("Name", { exact: true }).fill(to);
  await app.keyboard.press("Enter");
  await expect(step(app, to)).toBeVisible();
}

async function ran(client: Client, id: string, input: unknown): Promise<string> {
  await client.post(`/api/flows/${id}/start`);
  const { run } = await client.post<{ run: string }>(`/api/triggers/${id}/inject`, { input });
  await client.get(`/api/runs/${run}?wait=30`);
  return run;
}

test.describe("a server that is gone", () => {
  test.use({ allowed: "net::ERR_|status of 50[23]|network error|Failed to fetch" });

  test("takes what was drawn meanwhile once it is back", async ({ app, client, server }) => {
    const { id } = await flow(client, TWO, "flow.json");
    await open(app, id);
    await server.kill();
    await rename(app, "hello", "Drawn without it");
    await expect(app.getByText("The server does not answer.")).toBeVisible();
    await expect(app.getByRole("status").filter({ hasText: /^Not saved/ })).toBeVisible();
    await rename(app, "stop", "And more");
    await server.start();
    // It is asked again and again by itself.
    await saved(app);
    expect(await textOf(client, id)).toMatch(/Drawn without it[^]*And more/);
  });

  test("is told in a message, and what is drawn stays", async ({ app, client, server }) => {
    const { id } = await flow(client, TWO, "flow.json");
    await Promise.all([app.waitForResponse(/\/toaster-/), open(app, id)]);
    await app.waitForLoadState("networkidle");
    await server.kill();
    await rename(app, "hello", "Drawn without it");
    await app.keyboard.press("Control+Enter");
    await expect(app.getByRole("listitem").filter({ hasText: "The server does not answer" })).toBeVisible();
    // The editor is not there, and does not come.
    await app.keyboard.press("Control+\\");
    const told = app.getByRole("listitem").filter({ hasText: "A part of this page could not be loaded" });
    await expect(told).toContainText("It comes once the server answers again");
    const again = app.getByRole("region", { name: "Text" }).getByRole("button", { name: "Try again" });
    await again.click();
    await expect(again).toBeEnabled();
    await expect(step(app, "Drawn without it")).toBeVisible();
    await expect(app.getByRole("navigation").getByRole("link", { name: "Flows" })).toBeVisible();
    await server.start();
    await saved(app);
    // It comes by itself, with all that it needs, and nothing was loaded anew.
    await expect(app.locator(".monaco-editor .view-line").filter({ hasText: "Drawn without it" }).first()).toBeVisible();
  });

  test("brings the text with its styles, where they did not come at first", async ({ app, client }) => {
    const { id } = await flow(client, TWO, "flow.json");
    const styles = /\/assets\/monaco-.*\.css/;
    await app.route(styles, (route) => route.abort());
    await open(app, id);
    await app.keyboard.press("Control+\\");
    const again = app.getByRole("region", { name: "Text" }).getByRole("button", { name: "Try again" });
    await expect(again).toBeVisible();
    await app.unroute(styles);
    await again.click();
    await expect(app.locator(".monaco-editor .view-line").filter({ hasText: "hello" }).first()).toBeVisible();
    await expect(app.locator(".monaco-editor").first()).toHaveCSS("position", "relative");
  });

  test("takes nothing of the page where what shows messages and dialogs does not come either", async ({ app, client }) => {
    const { id } = await flow(client, TWO, "flow.json");
    const late = /\/assets\/(dialogs|toaster|palette)-/;
    await app.route(late, (route) => route.abort());
    await open(app, id);
    const missed = (part: string) => app.waitForEvent("requestfailed", (request) => request.url().includes(`/assets/${part}-`));
    await Promise.all([missed("dialogs"), missed("toaster"), missed("palette"), app.getByRole("button", { name: "Publish" }).click()]);
    await Promise.all([missed("palette"), app.keyboard.press("Control+k")]);
    await expect(step(app, "hello")).toBeVisible();
    await expect(app.getByRole("dialog")).toHaveCount(0);
    await app.unroute(late);
    await app.getByRole("button", { name: "Publish" }).click();
    await expect(app.getByRole("dialog", { name: /^Publish/ })).toBeVisible();
    await app.keyboard.press("Escape");
    await expect(app.getByRole("dialog")).toHaveCount(0);
    await app.keyboard.press("Control+k");
    await expect(app.getByRole("combobox", { name: "Go to anything" })).toBeVisible();
    await app.keyboard.press("Escape");
    await expect(app.getByRole("dialog")).toHaveCount(0);
    // Messages come as well.
    await app.getByRole("button", { name: "Run", exact: true }).focus();
    await app.route("**/api/flows/*/try", (route) => route.abort());
    await app.keyboard.press("Control+Enter");
    await expect(app.getByRole("listitem").filter({ hasText: "The server does not answer" })).toBeVisible();
  });
});

test.describe("a session that has ended", () => {
  test.use({ allowed: "status of 401" });

  test("is renewed over the drawing, and what was drawn is then saved by itself", async ({ app, client, server }) => {
    const { id } = await flow(client, TWO, "flow.json");
    await open(app, id);
    await step(app, "hello").click();
    await app.keyboard.press("F2");
    await app.getByLabel("Name", { exact: true }).fill("Drawn signed out");
    await app.context().clearCookies();
    await app.keyboard.press("Enter");
    await expect(step(app, "Drawn signed out")).toBeVisible();
    const dialog = app.getByRole("dialog", { name: "Your session has ended" });
    await dialog.getByLabel("Password").fill(server.password);
    await dialog.getByRole("button", { name: "Sign in" }).click();
    await expect(dialog).toBeHidden();
    await saved(app);
    expect(await textOf(client, id)).toContain("Drawn signed out");
  });
});

test.describe("two tabs of one browser", () => {
  test.use({ allowed: "status of 409" });

  test("one saves, the other sees what and chooses; neither text is gone", async ({ app, client }) => {
    const { id } = await flow(client, TWO, "flow.json");
    const other = await app.context().newPage();
    await open(app, id);
    await open(other, id);
    await rename(other, "hello", "From the second");
    await saved(other);
    await rename(app, "stop", "From the first");
    const dialog = app.getByRole("dialog", { name: "This flow was changed elsewhere" });
    await expect(dialog.locator(".monaco-diff-editor")).toContainText("From the second");
    await dialog.getByRole("button", { name: "Take the other one" }).click();
    await saved(app);
    await expect(step(app, "From the second")).toBeVisible();
    await app.getByRole("button", { name: "Undo", exact: true }).click();
    await expect(step(app, "From the first")).toBeVisible();
  });

  test("what was left unsaved is held against what others saved since", async ({ app, client }) => {
    const { id, revision } = await flow(client, TWO, "flow.json");
    await open(app, id);
    await app.evaluate(([key, kept]) => localStorage.setItem(key ?? "", kept ?? ""), [`weir.unsaved.${id}`, JSON.stringify({ revision, text: TWO.replace('"hello"', '"mine"'), canvas: {} })]);
    await client.send("PUT", `/api/flows/${id}`, { files: [{ name: "flow.json", text: TWO.replace('"message": "hello"', '"message": "theirs"') }] }, { "if-match": `"${revision}"` });
    await app.reload();
    await app.getByRole("button", { name: "Bring them back" }).click();
    const dialog = app.getByRole("dialog", { name: "This flow was changed elsewhere" });
    await expect(dialog.locator(".monaco-diff-editor")).toContainText("theirs");
    expect(await textOf(client, id)).toContain("theirs");
    await dialog.getByRole("button", { name: "Keep what is on the right" }).click();
    await saved(app);
    expect(await textOf(client, id)).toContain('"mine"');
  });
});

test("a kind of step that no longer exists is drawn, named, kept and can be set", async ({ app, client }) => {
  const { id } = await flow(client, TWO.replace('"print"', '"fax.send"'), "flow.json");
  await open(app, id);
  await expect(step(app, "hello")).toContainText("fax.send");
  await app.getByRole("button", { name: /1 problem/ }).click();
  await app.getByRole("list", { name: "Problems" }).getByRole("button", { name: /fax\.send/ }).click();
  await app.getByLabel(/^message/).fill("still there");
  await saved(app);
  expect(JSON.parse(await textOf(client, id)).nodes[1].data).toEqual({ activityName: "fax.send", config: { message: "still there" } });
});

test("a large output is shown in part and downloaded whole", async ({ app, client }, { project }) => {
  test.setTimeout(240_000);
  const id = (await flow(client, row({ start: { type: "trigger" }, echo: { activityName: "mock", config: { output: "{{ input }}" } }, stop: { type: "end" } }), "flow.json")).id;
  // Five megabytes in `make browser`; in every run of the tests a part of them.
  const length = project.name === "short" ? 600_000 : 5_000_000;
  const blob = "five megabytes ".repeat(length / 15 + 1);
  const run = await ran(client, id, { blob, rows: Array.from({ length: 1_000 }, (_, at) => at) });
  await app.goto(`/runs/${run}?tab=steps`);
  await app.getByRole("treeitem", { name: /echo/ }).click();
  const output = app.getByRole("region", { name: "Output" });
  await expect(output).toContainText("shown in part");
  const [file] = await Promise.all([app.waitForEvent("download"), output.getByRole("button", { name: /^Download/ }).click()]);
  const stream = await file.createReadStream();
  let size = 0;
  for await (const part of stream) size += (part as Buffer).length;
  expect(size).toBeGreaterThan(length);
  for (const tab of ["graph", "timeline", "events", "logs", "state", "machine"]) {
    await app.goto(`/runs/${run}?tab=${tab}`);
    await settle(app);
    expect(await app.evaluate(() => document.body.innerText.length), tab).toBeLessThan(200_000);
  }
  await open(app, id);
  await step(app, "echo").dblclick();
  await app.getByRole("tab", { name: "Last run" }).click();
  await app.getByRole("combobox", { name: "Run" }).click();
  await app.getByRole("option", { name: /Succeeded/ }).first().click();
  await expect(app.getByRole("button", { name: "Download nodes.echo.output" })).toBeVisible();
});

const LONG = "A name that goes on and on ".repeat(12).trim().slice(0, 300);
const RTL = "استلام الطلبات";

test("names of 300 characters and from right to left fit every page they are on", async ({ app, client }) => {
  test.setTimeout(240_000);
  const text = TWO.replace('"activityName": "print"', `"label": ${JSON.stringify(LONG)},\n        "activityName": "print"`);
  const long = await client.post<{ id: string }>("/api/flows", { name: "long-name-of-steps", title: LONG.slice(0, 200), files: [{ name: "flow.json", text }] });
  const rtl = await client.post<{ id: string }>("/api/flows", { name: "rtl-steps", title: RTL, files: [{ name: "flow.json", text: text.replaceAll(LONG, RTL) }] });
  for (const id of [long.id, rtl.id]) {
    const run = await ran(client, id, {});
    for (const path of [`/flows/${id}`, "/flows", "/runs", `/runs/${run}`, `/runs/${run}?tab=graph`, `/runs/${run}?tab=timeline`, "/", "/monitoring/deployments"]) {
      await app.goto(path);
      await settle(app);
      const [wide, seen] = await app.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
      expect(wide, path).toBeLessThanOrEqual(seen ?? 0);
    }
    await open(app, id);
    await step(app, id === long.id ? LONG.slice(0, 40) : RTL).dblclick();
    await expect(app.getByLabel("Name", { exact: true })).toHaveValue(id === long.id ? LONG : RTL);
  }
});

test.describe("a title that is too long", () => {
  test.use({ allowed: "status of 422" });

  test("is told at its field, and stays there", async ({ app }) => {
    await app.goto("/flows?open=new");
    const dialog = app.getByRole("dialog");
    const [field, tooLong] = [dialog.getByLabel("Name", { exact: true }), "n".repeat(301)];
    await field.fill(tooLong);
    await dialog.getByRole("button", { name: "Make flow" }).click();
    await expect(field).toHaveAccessibleDescription(/at most 300 characters/);
    await expect(field).toHaveValue(tooLong);
  });
});

test("who types a long value stays in the field", async ({ app, client }) => {
  const { id } = await flow(client, TWO, "flow.json");
  await open(app, id);
  await step(app, "hello").dblclick();
  const field = app.getByLabel(/^message/);
  await field.click();
  await app.keyboard.press("ControlOrMeta+A");
  const value = "one two three four five six seven eight nine ten eleven twelve";
  await app.keyboard.type(value);
  await expect(field).toBeFocused();
  await expect(field).toHaveValue(value);
  await saved(app);
  expect(JSON.parse(await textOf(client, id)).nodes[1].data.config.message).toBe(value);
  await expect(canvas(app).locator(".react-flow__node-step")).toHaveCount(3);
});
