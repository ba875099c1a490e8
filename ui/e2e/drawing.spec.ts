import { canvas, flow, open, row, saved, step, textOf } from "./support/builder";
import { expect, test } from "./support/test";

const THREE = row({ start: { type: "trigger" }, fetch: { activityName: "http.request", config: { url: "https://example.com" } }, stop: { type: "end" } });

test("behind a step those come first that take what it gives", async ({ app, client }) => {
  const { id } = await flow(client, THREE, "flow.json");
  await open(app, id);
  await step(app, "fetch").click();
  await app.keyboard.press("a");
  const list = app.getByRole("listbox", { name: "Add a step" });
  await expect(list.getByText("Takes what fetch gives")).toBeVisible();
  await expect(list.getByRole("option").first()).toContainText(/(status|headers|output|data) → /);
  await expect(list.getByText("Other steps")).toBeAttached();
  await app.getByLabel("Search steps", { exact: true }).fill("condition");
  await expect(list.getByRole("option", { name: /^Condition/ })).toBeVisible();
});

test("edges are walked, followed, cut and given a step by keys", async ({ app, client }) => {
  const { id } = await flow(client, THREE, "flow.json");
  await open(app, id);
  await step(app, "fetch").click();
  await app.keyboard.press("e");
  await expect(app.locator("[aria-live]").filter({ hasText: "Edge from start to fetch selected" })).toHaveCount(1);
  await app.keyboard.press("e");
  await expect(app.locator("[aria-live]").filter({ hasText: "Edge from fetch to stop selected" })).toHaveCount(1);
  await canvas(app).focus();
  await app.keyboard.press("ArrowRight");
  await expect(app.locator(".react-flow__node.selected")).toContainText("stop");
  await app.keyboard.press("e");
  await app.keyboard.press("Tab");
  await app.keyboard.type("print");
  await app.keyboard.press("Enter");
  await expect(app.locator(".react-flow__edge")).toHaveCount(3);
  await app.keyboard.press("e");
  await app.keyboard.press("Delete");
  await expect(app.locator(".react-flow__edge")).toHaveCount(2);
});

test("the list of steps finds, selects and opens them, and says how they went", async ({ app, client }) => {
  const { id } = await flow(client, row({ start: { type: "trigger" }, weigh: { activityName: "mock", config: { delay: "1ms" } }, say: { activityName: "print", config: { message: "hello" } }, stop: { type: "end" } }), "flow.json");
  await open(app, id);
  await app.getByRole("radio", { name: "Outline" }).click();
  const list = app.getByRole("list", { name: "Steps of this flow" });
  await expect(list.getByRole("button")).toHaveText(["start", "weigh", "say", "stop"]);
  await app.getByRole("searchbox", { name: "Find a step of this flow" }).fill("wei");
  await list.getByRole("button").dblclick();
  await expect(app.getByRole("complementary", { name: "Step weigh" })).toBeVisible();
  await expect(app.locator(".react-flow__node.selected")).toContainText("weigh");
  await app.getByRole("searchbox", { name: "Find a step of this flow" }).fill("");
  await app.getByRole("button", { name: "Run", exact: true }).click();
  await expect(list.getByRole("button", { name: /^say.*Succeeded/ })).toBeVisible();
  await saved(app);
  expect(await textOf(client, id)).toContain("weigh");
});

test.describe("a server that refuses", () => {
  test.use({ allowed: "status of (402|403|429)" });

  for (const [status, title, says] of [[403, "Your role does not allow this", /Download the text/], [402, "A limit of your plan is reached", /once there is room/], [429, "Too many requests", /saved by itself/]] as const) {
    test(`with ${status} is told in the builder, and nothing is lost`, async ({ app, client }) => {
      const { id } = await flow(client, THREE, "flow.json");
      await open(app, id);
      const refusal = { type: "about:blank", title: "No", status, detail: "no more", code: "REFUSED" };
      await app.route(`**/api/flows/${id}`, (route) => (route.request().method() === "PUT" ? route.fulfill({ status, json: refusal, headers: { "retry-after": "1" } }) : route.fallback()));
      await step(app, "fetch").click();
      await app.keyboard.press("Delete");
      await expect(app.getByRole("alert").filter({ hasText: title })).toContainText(says);
      expect(await textOf(client, id)).toContain("fetch");
      await app.unroute(`**/api/flows/${id}`);
      if (status !== 429) await app.getByRole("button", { name: "Try again" }).first().click();
      await saved(app);
      await expect(app.getByRole("alert").filter({ hasText: title })).toHaveCount(0);
      expect(await textOf(client, id)).not.toContain("fetch");
    });
  }
});

const N8N = JSON.stringify({
  name: "Order intake",
  nodes: [
    { name: "By hand", type: "n8n-nodes-base.manualTrigger", position: [0, 0], parameters: {} },
    { name: "Shape", type: "n8n-nodes-base.set", position: [240, 0], parameters: { assignments: { assignments: [{ name: "total", value: "={{ $json.total }}" }] } } },
    { name: "Tell", type: "n8n-nodes-base.slack", position: [480, 0], parameters: {}, credentials: { slackApi: {} } },
  ],
  connections: { "By hand": { main: [[{ node: "Shape" }]] }, Shape: { main: [[{ node: "Tell" }]] } },
});

test("a workflow of n8n is pasted, and what did not come along is named", async ({ app, client }) => {
  await app.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  const { id } = await flow(client, JSON.stringify({ name: "g", nodes: [], edges: [] }), "flow.json");
  await open(app, id);
  await app.evaluate((text) => navigator.clipboard.writeText(text), N8N);
  await canvas(app).focus();
  await app.keyboard.press("Control+v");
  const dialog = app.getByRole("dialog", { name: "What came along from n8n" });
  await expect(dialog).toContainText("2 of 3 steps");
  await expect(dialog.getByRole("region", { name: /placeholders/ })).toContainText("Tell (slack)");
  await expect(dialog.getByRole("region", { name: "Did not come along" })).toContainText("credentials slackApi");
  await dialog.getByRole("button", { name: "Look at it" }).click();
  await expect(app.locator(".react-flow__edge")).toHaveCount(3);
  await saved(app);
  expect(await client.get(`/api/flows/${id}/check`)).toMatchObject({ valid: true });
  const tree = await flow(client, "type: Sequence\nid: t\nchildren:\n  - {type: PrintAction, id: a, props: {message: a}}\n");
  await open(app, tree.id);
  await canvas(app).focus();
  await app.keyboard.press("Control+v");
  await expect(app.getByText("this flow is none")).toBeVisible();
});

test("an export of n8n becomes a flow on the page of flows, after it was looked at", async ({ app }) => {
  await app.goto("/flows?open=import");
  await app.setInputFiles("input[type=file]", { name: "order.json", mimeType: "application/json", buffer: Buffer.from(N8N) });
  await expect(app.getByRole("region", { name: /placeholders/ })).toContainText("Tell (slack)");
  await app.getByRole("button", { name: "Make flow" }).click();
  await expect(app.getByRole("heading", { name: "Order intake" })).toBeVisible();
  await expect(step(app, "Shape")).toBeVisible();
});

test("a file takes the place of an open flow, and gives it back", async ({ app, client }) => {
  const { id } = await flow(client, THREE, "flow.json");
  await open(app, id);
  const give = async (name: string, text: string) => {
    await app.getByRole("button", { name: "More", exact: true }).click();
    const [chooser] = await Promise.all([app.waitForEvent("filechooser"), app.getByRole("menuitem", { name: "Replace by a file…" }).click()]);
    await chooser.setFiles({ name, mimeType: "text/plain", buffer: Buffer.from(text) });
  };
  await give("broken.yaml", "a: [");
  await expect(app.getByText("broken.yaml cannot be read")).toBeVisible();
  await give("other.yaml", "# gone\ntype: Sequence\nid: other\nchildren:\n  - {type: PrintAction, id: hello, props: {message: hi}}\n");
  await expect(app.getByText("other.yaml is the flow now, as JSON and without comments")).toBeVisible();
  await expect(step(app, "hello")).toBeVisible();
  await saved(app);
  await app.getByRole("button", { name: "Undo", exact: true }).first().click();
  await expect(step(app, "fetch")).toBeVisible();
  await expect.poll(() => textOf(client, id)).toBe(THREE);
});
