import type { Page } from "@playwright/test";
import { atCanvas, canvas, flow, open, row, saved, step, textOf } from "./support/builder";
import { expect, test } from "./support/test";

const print = (message: string) => ({ activityName: "print", config: { message } });
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
  await atCanvas(app);
  await app.keyboard.press("e");
  await app.keyboard.press("Delete");
  await expect(app.locator(".react-flow__edge")).toHaveCount(2);
});

test("a large drawing is moved as it is: nothing of it is drawn anew", async ({ app, client }) => {
  const nodes = Array.from({ length: 250 }, (_, at) => ({ id: `n${at}`, type: at === 0 ? "trigger" : "activity", position: { x: (at % 25) * 240, y: Math.floor(at / 25) * 120 }, data: at === 0 ? {} : { activityName: "print", config: { message: `${at}` } } }));
  const edges = nodes.slice(1).map((node, at) => ({ id: `e${at}`, source: `n${at}`, target: node.id }));
  const { id } = await flow(client, JSON.stringify({ name: "large", nodes, edges }), "flow.json");
  await open(app, id);
  await expect(app.locator(".react-flow__node-step")).toHaveCount(250);
  const box = (await canvas(app).boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await app.mouse.move(x, y);
  await app.mouse.down({ button: "middle" });
  await app.mouse.move(x + 20, y + 20);
  const place = () => app.locator(".react-flow__viewport").getAttribute("style");
  const before = await place();
  await app.evaluate(() => {
    const drawing = document.querySelector(".react-flow__viewport");
    const kept = globalThis as unknown as { changes: number };
    kept.changes = 0;
    const watch = new MutationObserver((all) => (kept.changes += all.filter(({ target }) => target !== drawing).length));
    if (drawing) watch.observe(drawing, { subtree: true, childList: true, attributes: true });
  });
  // Over steps and edges alike, and so far that some are no longer in sight.
  for (let at = 0; at < 40; at++) await app.mouse.move(x + 300 * Math.sin(at / 6), y + 200 * Math.cos(at / 6));
  await expect.poll(place).not.toBe(before);
  expect(await app.evaluate(() => (globalThis as unknown as { changes: number }).changes)).toBe(0);
  await app.mouse.up({ button: "middle" });
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
  name: "Orders of n8n",
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
  await expect(app.getByRole("heading", { name: "Orders of n8n" })).toBeVisible();
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

const chosen = (page: Page) => page.locator(".react-flow__node-step.selected");

test("what leads to a step, what follows it and all that hangs on it are selected by two keys", async ({ app, client }) => {
  const nodes = Object.fromEntries(["one", "two", "three", "four"].map((id) => [id, print(id)]));
  const { id } = await flow(client, row({ start: { type: "trigger" }, ...nodes, stop: { type: "end" } }), "flow.json");
  await open(app, id);
  await step(app, "three").click();
  await app.keyboard.press("Alt+s");
  await expect(app.getByRole("status").filter({ hasText: "Select everything before" })).toBeVisible();
  await app.keyboard.press("u");
  await expect(chosen(app)).toHaveCount(4);
  await step(app, "three").click();
  await app.keyboard.press("Alt+s");
  await app.keyboard.press("d");
  await expect(chosen(app)).toHaveText([/three/, /four/, /stop/]);
  // D itself disables; behind Alt+S it did not, nor does a slip do anything.
  await app.keyboard.press("Alt+s");
  await app.keyboard.press("Delete");
  await expect(app.getByLabel("disabled")).toHaveCount(0);
  await expect(app.locator(".react-flow__node-step")).toHaveCount(6);
  await step(app, "one").click();
  await app.keyboard.press("Alt+s");
  await app.keyboard.press("Alt+c");
  await expect(chosen(app)).toHaveCount(6);
});

test("a step is disabled and a run goes past it, until it is enabled again", async ({ app, client }) => {
  const { id } = await flow(client, row({ start: { type: "trigger" }, hello: print("hello"), bye: print("bye"), stop: { type: "end" } }), "flow.json");
  await open(app, id);
  await step(app, "hello").click();
  await app.keyboard.press("d");
  await expect(step(app, "hello").getByLabel("disabled")).toBeVisible();
  await saved(app);
  await app.keyboard.press("Control+Enter");
  await expect(step(app, "stop").getByText("Succeeded")).toBeVisible();
  const { items } = await client.get<{ items: { run: string }[] }>(`/api/runs?flow=${id}&limit=1`);
  const { items: steps } = await client.get<{ items: { path: string; kind: string }[] }>(`/api/runs/${items[0]?.run}/steps`);
  expect(steps.filter(({ kind }) => kind === "print").map(({ path }) => path.split("/").at(-1))).toEqual(["bye"]);
  await step(app, "start").click();
  await app.keyboard.press("d");
  await expect(app.getByText(/cannot be disabled/)).toBeVisible();
  await step(app, "hello").click();
  await app.keyboard.press("d");
  await expect(app.getByLabel("disabled")).toHaveCount(0);
  await saved(app);
  expect(await textOf(client, id)).not.toContain("disabled");
});

test.describe("in another dialect", () => {
  test.use({ allowed: "status of 422" });

  test("a disabled step stays disabled, and what stands in the way is said", async ({ app, client }) => {
    const children = "  - {type: PrintAction, id: hello, disabled: true, props: {message: hello}}\n  - {type: PrintAction, id: bye, props: {message: bye}}\n";
    const { id } = await flow(client, `type: Sequence\nid: t\nchildren:\n${children}`);
    await open(app, id);
    await expect(step(app, "hello").getByLabel("disabled")).toBeVisible();
    await app.getByRole("button", { name: "More", exact: true }).click();
    await app.getByRole("menuitem", { name: "Convert to another dialect" }).click();
    const dialog = app.getByRole("dialog", { name: "Convert to another dialect" });
    await dialog.getByRole("button", { name: /^Organism/ }).click();
    await expect(dialog.getByRole("alert")).toContainText("cannot be written that way");
    await dialog.getByRole("button", { name: /^Graph/ }).click();
    await expect(dialog).toHaveCount(0);
    await expect(app.locator(".react-flow__edge")).toHaveCount(3);
    await expect(step(app, "hello").getByLabel("disabled")).toBeVisible();
    await expect(step(app, "bye").getByLabel("disabled")).toHaveCount(0);
    await saved(app);
    expect(await client.get(`/api/flows/${id}/check`)).toMatchObject({ valid: true });
  });
});

test("steps are pasted with what led to them, and without", async ({ app, client }) => {
  await app.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  const { id } = await flow(client, row({ start: { type: "trigger" }, hello: print("hello"), stop: { type: "end" } }), "flow.json");
  await open(app, id);
  await step(app, "hello").click();
  await expect(chosen(app)).toHaveCount(1);
  await app.keyboard.press("Control+c");
  await app.keyboard.press("Control+v");
  await expect(step(app, "hello")).toHaveCount(2);
  await expect(app.locator(".react-flow__edge")).toHaveCount(2);
  await app.keyboard.press("Control+Shift+v");
  await expect(step(app, "hello")).toHaveCount(3);
  await expect(app.locator(".react-flow__edge")).toHaveCount(3);
  await saved(app);
  const edges = JSON.parse(await textOf(client, id)).edges as { source: string; target: string }[];
  expect(edges.filter(({ source }) => source === "start").map(({ target }) => target)).toEqual(["hello", "hello-3"]);
});

test("what is clicked is selected after an edge was, and a frame selects the steps within it", async ({ app, client }) => {
  const { id } = await flow(client, row({ start: { type: "trigger" }, hello: print("hello"), stop: { type: "end" } }), "flow.json");
  await open(app, id);
  const wire = await app.locator(".react-flow__edge-interaction").first().evaluate((path) => path.getBoundingClientRect().toJSON());
  await app.mouse.click(wire.x + wire.width / 4, wire.y + wire.height / 2);
  await expect(app.locator(".react-flow__edge.selected")).toHaveCount(1);
  await step(app, "hello").click();
  await expect(chosen(app)).toHaveCount(1);
  await expect(app.locator(".react-flow__edge.selected")).toHaveCount(0);
  const [first, last] = await Promise.all(["start", "hello"].map((name) => step(app, name).boundingBox()));
  if (!first || !last) throw new Error("the steps are not drawn");
  await app.keyboard.down("Shift");
  await expect(app.locator(".react-flow__pane.selection")).toHaveCount(1);
  await app.mouse.move(first.x - 20, first.y - 20);
  await app.mouse.down();
  await app.mouse.move(last.x + last.width + 10, last.y + last.height + 20, { steps: 4 });
  await app.mouse.up();
  await app.keyboard.up("Shift");
  await expect(chosen(app)).toHaveCount(2);
});

test("with Space held the drawing is moved, wherever the pointer is", async ({ app, client }) => {
  const { id } = await flow(client, row({ start: { type: "trigger" }, hello: print("hello"), stop: { type: "end" } }), "flow.json");
  await open(app, id);
  const before = await textOf(client, id);
  const at = await step(app, "hello").boundingBox();
  if (!at) throw new Error("the step is not drawn");
  await canvas(app).focus();
  await app.mouse.move(at.x + at.width / 2, at.y + at.height / 2);
  await app.keyboard.down(" ");
  await app.mouse.down();
  await app.mouse.move(at.x + at.width / 2 + 60, at.y + at.height / 2 + 40, { steps: 6 });
  await app.mouse.up();
  await app.keyboard.up(" ");
  await expect.poll(async () => Math.round(((await step(app, "hello").boundingBox())?.x ?? 0) - at.x)).toBe(60);
  expect(await textOf(client, id)).toBe(before);
  await expect(chosen(app)).toHaveCount(0);
});

test("every key that works on a flow is in the list of keys", async ({ app, client }) => {
  const { id } = await flow(client, THREE, "flow.json");
  await open(app, id);
  await canvas(app).focus();
  await app.keyboard.press("?");
  const sheet = app.getByRole("dialog", { name: "Keyboard" });
  const keys = { "Disable or enable": "D", "Select everything before": "AltSU", "Select everything after": "AltSD", "Select everything connected": "AltSC", "Paste, joined to what led there": "CtrlShiftV", Copy: "CtrlC", "Add a step behind the selection": "Tab", "Open the step": "↵", "Go to the nearest step": "← ↑ → ↓", "What can be done with what is selected": "ShiftF10Menu", "Move the drawing": "Spacedrag", "Tidy the layout": "ShiftAltT", "Show or hide the text beside the canvas": "Ctrl\\" };
  for (const [title, shown] of Object.entries(keys)) await expect(sheet.getByRole("term").filter({ hasText: new RegExp(`^${title}$`) }).locator("xpath=following-sibling::dd"), title).toHaveText(shown);
});

test("notes and groups are written, named and moved, and what is inside of a step is hidden, by keys", async ({ app, client }) => {
  const { id } = await flow(client, row({ start: { type: "trigger" }, each: { type: "loop", config: { maxIterations: 2 } }, work: { activityName: "print", config: { message: "hi" } } }).replace(/"edges": \[/, '"edges": [{"id": "back", "source": "work", "target": "each"},'), "flow.json");
  await open(app, id);
  await canvas(app).focus();
  await app.keyboard.press("Shift+s");
  await app.keyboard.type("**Never** on Fridays");
  await app.keyboard.press("Escape");
  const note = app.locator(".react-flow__node-note");
  await expect(note.locator("strong")).toHaveText("Never");
  const before = await note.boundingBox();
  await app.keyboard.press("Shift+ArrowDown");
  await expect.poll(async () => (await note.boundingBox())?.y).toBeGreaterThan((before?.y ?? 0) + 20);
  await app.keyboard.press("Enter");
  await app.keyboard.press("Control+End");
  await app.keyboard.type(".");
  await app.keyboard.press("Escape");
  await expect(note).toContainText("on Fridays.");
  await step(app, "work").click();
  await app.keyboard.press("Control+g");
  await app.locator(".react-flow__node-frame").getByRole("button", { name: "Group", exact: true }).dblclick();
  await app.getByRole("textbox", { name: "Name of the group" }).fill("Busy");
  await app.keyboard.press("Enter");
  await step(app, "start").click();
  await app.locator(".react-flow__node-frame").getByRole("button", { name: "Busy" }).click();
  await expect(app.getByText("work selected")).toBeAttached();
  await canvas(app).focus();
  await app.keyboard.press("h");
  await expect(step(app, "work")).toHaveCount(0);
  await expect(step(app, "each").getByRole("button", { name: "Show what is inside" })).toHaveText("1");
  await saved(app);
  await app.reload();
  await expect(step(app, "each")).toBeVisible();
  await expect(step(app, "work")).toHaveCount(0);
  await step(app, "each").click();
  await app.keyboard.press("h");
  await expect(step(app, "work")).toBeVisible();
  await expect(app.locator(".react-flow__node-frame").getByRole("button", { name: "Busy" })).toBeVisible();
  await app.getByRole("button", { name: "Closer" }).click();
  await expect(app.getByRole("button", { name: /^\d+ %$/ })).not.toHaveText("100 %");
});

test("a few steps are named from afar too", async ({ app, client }) => {
  const { id } = await flow(client, THREE, "flow.json");
  await open(app, id);
  for (let times = 0; times < 6; times += 1) await app.getByRole("button", { name: "Further away" }).click();
  await expect(app.getByRole("button", { name: /^\d+ %$/ })).toHaveText(/^[1-4]?\d %$/);
  await expect(step(app, "fetch")).toBeVisible();
});
