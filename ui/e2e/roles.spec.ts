import type { Browser, Page } from "@playwright/test";
import { atCanvas, flow, open, step } from "./support/builder";
import { Client } from "./support/client";
import { PLACES } from "./support/places";
import { settle } from "./support/settle";
import { expect, test } from "./support/test";

/** A page of somebody who is a member with a role, and everything that the browser said was refused. */
async function as(browser: Browser, client: Client, url: string, role: string): Promise<{ page: Page; refused: string[] }> {
  const email = `${role}-${Date.now().toString(36)}@example.org`;
  const { link } = await client.post<{ link: string }>("/api/invitations", { email, role });
  await client.post("/api/invitations/accept", { token: link.split("#")[1], password: "a long enough password" });
  const [name = "", value = ""] = (await Client.signIn(url, email, "a long enough password")).cookie.split("=");
  const context = await browser.newContext({ baseURL: url });
  await context.addCookies([{ name, value, url, httpOnly: true, sameSite: "Lax" }]);
  const page = await context.newPage();
  const refused: string[] = [];
  page.on("response", (answer) => {
    if (answer.status() >= 400) refused.push(`${answer.status()} ${answer.request().method()} ${new URL(answer.url()).pathname}`);
  });
  page.on("pageerror", (error) => refused.push(String(error)));
  return { page, refused };
}

for (const role of ["viewer", "operator", "editor", "admin"]) {
  test(`every page works for a ${role}, and asks for nothing that a ${role} may not have`, async ({ browser, client, server }) => {
    test.setTimeout(300_000);
    const { page, refused } = await as(browser, client, server.url, role);
    for (const place of PLACES.filter((one) => !one.open && one.name !== "nowhere")) {
      await page.goto(await place.path(client));
      await settle(page);
      expect(refused, place.name).toEqual([]);
    }
    await page.context().close();
  });
}

const TREE = "type: Sequence\nid: seen\nchildren:\n  - {type: PrintAction, id: hello, props: {message: hi}}\n";

test("a viewer looks at a flow and is offered nothing that would change it", async ({ browser, client, server }) => {
  const { id } = await flow(client, TREE);
  const { page, refused } = await as(browser, client, server.url, "viewer");
  await open(page, id);
  for (const name of ["Run", "Publish", "Undo", "Input", /^Switch/]) await expect(page.getByRole("button", { name, exact: true })).toHaveCount(0);
  await expect(page.getByRole("searchbox", { name: "Search steps to add" })).toHaveCount(0);
  await page.getByRole("list", { name: "Steps of this flow" }).getByRole("button", { name: "hello" }).dblclick();
  await expect(page.getByLabel("Name", { exact: true })).toHaveAttribute("readonly", "");
  await page.getByRole("button", { name: "Close the step" }).click();
  await step(page, "hello").click();
  await page.keyboard.press("Delete");
  await page.keyboard.press("Control+Enter");
  await expect(step(page, "hello")).toBeVisible();
  await step(page, "hello").click({ button: "right" });
  await expect(page.getByRole("menuitem")).toHaveText([/^Open/, /^Copy/]);
  await page.keyboard.press("Escape");
  await atCanvas(page);
  await page.keyboard.press("e");
  await page.keyboard.press("Shift+F10");
  await expect(page.getByRole("menuitem")).toHaveText([/^Select every step/, /^Show the whole flow/]);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "More", exact: true }).click();
  await expect(page.getByRole("menuitem")).toHaveText(["History", "Download the text"]);
  await page.getByRole("menuitem", { name: "History" }).click();
  await page.getByRole("radio", { name: "Every save" }).click();
  await expect(page.getByRole("button", { name: "Compare with the draft" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Restore" })).toHaveCount(0);
  expect(refused).toEqual([]);
});

test("a viewer moves nothing by keys, and brings nothing in", async ({ browser, client, server }) => {
  const { id } = await flow(client, "type: Sequence\nid: seen\nchildren:\n  - {type: PrintAction, id: hello, props: {message: hi}}\n  - {type: PrintAction, id: bye, props: {message: hi}}\n");
  const { page, refused } = await as(browser, client, server.url, "viewer");
  await open(page, id);
  const places = async () => [(await step(page, "hello").boundingBox())?.y, (await step(page, "bye").boundingBox())?.y];
  await step(page, "bye").click();
  await atCanvas(page);
  const before = await places();
  for (const keys of ["Alt+ArrowUp", "Control+ArrowDown", "Shift+ArrowDown"]) await page.keyboard.press(keys);
  await page.evaluate(() => {
    const data = new DataTransfer();
    data.items.add(new File(["type: Sequence\nid: other\n"], "flow.yaml"));
    document.querySelector(".react-flow")?.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, clientX: 600, clientY: 300, dataTransfer: data }));
  });
  await page.keyboard.press("ArrowUp");
  await expect(page.getByText("hello selected", { exact: true })).toBeAttached();
  expect(await places()).toEqual(before);
  expect(refused).toEqual([]);
});

test("an operator runs what an editor has drawn, and changes nothing of it", async ({ browser, client, server }) => {
  const { id } = await flow(client, TREE);
  const { page, refused } = await as(browser, client, server.url, "operator");
  await open(page, id);
  await step(page, "hello").click({ button: "right" });
  await expect(page.getByRole("menuitem")).toHaveText([/^Open/, /^Test this step/, /^Run up to here/, /^Copy/]);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await expect(step(page, "hello").getByText("Succeeded")).toBeVisible();
  await expect(page.getByRole("button", { name: "Undo", exact: true })).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Publish", exact: true })).toHaveCount(0);
  expect(refused).toEqual([]);
});
