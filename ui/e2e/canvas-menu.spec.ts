import type { Page } from "@playwright/test";
import { atCanvas, canvas, flow, open, row, saved, step, textOf } from "./support/builder";
import type { Client } from "./support/client";
import { expect, test } from "./support/test";

const print = (message: string) => ({ activityName: "print", config: { message } });
const THREE = row({ start: { type: "trigger" }, hello: print("hello"), bye: print("bye"), stop: { type: "end" } });

const menu = (page: Page, name: string | RegExp) => page.getByRole("menu", { name });
const choose = (page: Page, name: string | RegExp) => page.getByRole("menuitem", { name }).click();
const chosen = (page: Page) => page.locator(".react-flow__node-step.selected");
const right = { button: "right" } as const;

interface Drawn {
  nodes: { id: string; position: { x: number; y: number }; data: { disabled?: boolean } }[];
  edges: object[];
}
const drawn = async (client: Client, id: string): Promise<Drawn> => JSON.parse(await textOf(client, id)) as Drawn;

/** A place of the canvas where nothing is drawn. */
async function nowhere(page: Page): Promise<{ x: number; y: number }> {
  const box = await canvas(page).boundingBox();
  return { x: (box?.x ?? 0) + 260, y: (box?.y ?? 0) + 120 };
}

async function clickNowhere(page: Page): Promise<void> {
  const { x, y } = await nowhere(page);
  await page.mouse.click(x, y, right);
}

test("a step that is clicked with the other button is selected, and does what its menu says", async ({ app, client }) => {
  const { id } = await flow(client, THREE, "flow.json");
  await open(app, id);
  await step(app, "bye").click();
  await step(app, "hello").click(right);
  await expect(menu(app, "Step hello")).toBeVisible();
  await expect(chosen(app)).toHaveText([/hello/]);
  await expect(app.getByRole("menuitem", { name: /^Disable/ })).toHaveText("DisableD");
  await choose(app, /^Disable/);
  await expect(step(app, "hello").getByLabel("disabled")).toBeVisible();
  await atCanvas(app);
  await step(app, "hello").click(right);
  await choose(app, /^Enable/);
  await expect(step(app, "hello").getByLabel("disabled")).toHaveCount(0);
  await step(app, "hello").click(right);
  await choose(app, /^Rename/);
  await expect(app.getByLabel("Name", { exact: true })).toBeFocused();
  await app.keyboard.type("Greet");
  await app.keyboard.press("Enter");
  await expect(step(app, "Greet")).toBeVisible();
  await atCanvas(app);
  await step(app, "Greet").click(right);
  await choose(app, /^Delete and reconnect/);
  await expect(app.locator(".react-flow__edge")).toHaveCount(2);
  // Another place that is clicked while it is open has its own.
  await step(app, "bye").click(right);
  await step(app, "stop").click(right);
  await expect(app.getByRole("menu")).toHaveCount(1);
  await expect(menu(app, "Step stop")).toBeVisible();
  await expect(app.getByRole("menuitem", { name: /^(Disable|Connect|Add a step)/ })).toHaveCount(0);
  await choose(app, /^Open/);
  await expect(app.getByRole("complementary", { name: "Step stop" })).toBeVisible();
});

test("from its menu a step is tried, its output pinned, and the run begun from it", async ({ app, client }) => {
  const { id } = await flow(client, row({ start: { type: "trigger" }, weigh: { activityName: "mock", config: { output: { kg: 2 } } }, say: print("hello"), stop: { type: "end" } }), "flow.json");
  await open(app, id);
  await step(app, "weigh").click(right);
  await expect(app.getByRole("menuitem", { name: /^(Pin|Run from)/ })).toHaveCount(0);
  await choose(app, /^Run up to here/);
  await expect(step(app, "weigh").getByText("Succeeded")).toBeVisible();
  await expect(step(app, "say").getByText("Succeeded")).toHaveCount(0);
  await step(app, "weigh").click(right);
  await choose(app, /^Pin the output/);
  await expect(step(app, "weigh").getByLabel("output pinned")).toBeVisible();
  await step(app, "weigh").click(right);
  await choose(app, /^Unpin the output/);
  await expect(step(app, "weigh").getByLabel("output pinned")).toHaveCount(0);
  await step(app, "say").click(right);
  await choose(app, /^Run from here/);
  await expect(step(app, "say").getByText("Succeeded")).toBeVisible();
});

test("one of several that are selected has the menu of all of them", async ({ app, client }) => {
  const { id } = await flow(client, THREE, "flow.json");
  await open(app, id);
  await step(app, "hello").click();
  await step(app, "bye").click({ modifiers: ["Shift"] });
  await step(app, "hello").click(right);
  await expect(menu(app, "2 steps")).toBeVisible();
  await expect(app.getByRole("menuitem", { name: /^(Open|Rename|Test)/ })).toHaveCount(0);
  await choose(app, /^Disable/);
  await expect(app.locator(".react-flow__node-step [aria-label=disabled]")).toHaveCount(2);
  await step(app, "hello").click(right);
  await choose(app, /^Group/);
  await app.locator(".react-flow__node-frame").getByRole("button").click(right);
  await expect(menu(app, "2 steps")).toBeVisible();
  await choose(app, /^Ungroup/);
  await step(app, "stop").click(right);
  await expect(menu(app, "Step stop")).toBeVisible();
  await expect(chosen(app)).toHaveCount(1);
});

test("an edge takes a step in its middle, or is cut", async ({ app, client }) => {
  const { id } = await flow(client, THREE, "flow.json");
  await open(app, id);
  // A straight line has no height, so nothing that a locator would click; the drawing may still be moved so that it fits.
  const clickEdge = (name: string) =>
    expect(async () => {
      const box = await app.locator(`.react-flow__edge[aria-label="${name}"] .react-flow__edge-interaction`).boundingBox();
      await app.mouse.click((box?.x ?? 0) + (box?.width ?? 0) / 2, (box?.y ?? 0) + (box?.height ?? 0) / 2, right);
      await expect(menu(app, `Edge ${name.toLowerCase()}`)).toBeVisible({ timeout: 2_000 });
    }).toPass();
  await clickEdge("From hello to bye");
  await choose(app, /^Delete/);
  await expect(app.locator(".react-flow__edge")).toHaveCount(2);
  await atCanvas(app);
  await clickEdge("From start to hello");
  await expect(menu(app, "Edge from start to hello")).toBeVisible();
  await expect(app.getByRole("menuitem")).toHaveText([/^Insert a step/, /^Delete/]);
  await choose(app, /^Insert a step/);
  await app.getByLabel("Search steps", { exact: true }).fill("print");
  await app.keyboard.press("Enter");
  await expect(app.locator(".react-flow__edge")).toHaveCount(3);
  await saved(app);
  expect((await drawn(client, id)).nodes).toHaveLength(5);
});

test("on the empty canvas a step, a note or what was copied is put where it was clicked", async ({ app, client }) => {
  await app.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  const { id } = await flow(client, THREE, "flow.json");
  await open(app, id);
  await step(app, "hello").click();
  await clickNowhere(app);
  await expect(menu(app, "Canvas")).toBeVisible();
  await expect(chosen(app)).toHaveCount(0);
  await choose(app, /^Add a step here/);
  await app.getByLabel("Search steps", { exact: true }).fill("print");
  await app.keyboard.press("Enter");
  await expect(app.locator(".react-flow__node-step")).toHaveCount(5);
  await atCanvas(app);
  const at = await nowhere(app);
  const near = async (what: ReturnType<Page["locator"]>) => {
    const box = await what.boundingBox();
    return Math.hypot((box?.x ?? 0) - at.x, (box?.y ?? 0) - at.y);
  };
  expect(await near(chosen(app))).toBeLessThan(130);
  await app.keyboard.press("Delete");
  await step(app, "bye").click(right);
  await choose(app, /^Copy/);
  await expect(app.getByText("Copied", { exact: true })).toBeVisible();
  await clickNowhere(app);
  await choose(app, /^Paste/);
  await expect(chosen(app)).toContainText("bye");
  expect(await near(chosen(app))).toBeLessThan(10);
  await app.keyboard.press("Delete");
  await clickNowhere(app);
  await choose(app, /^Add a note here/);
  await expect(app.getByLabel("Text of the note")).toBeFocused();
  await app.keyboard.type("Look here");
  await app.keyboard.press("Escape");
  const note = app.locator(".react-flow__node-note");
  expect(await near(note)).toBeLessThan(10);
  await note.click(right);
  await expect(app.getByRole("menuitem")).toHaveText([/^Write in the note/, /^Delete/]);
  await choose(app, /^Write in the note/);
  await expect(app.getByLabel("Text of the note")).toBeFocused();
  await app.keyboard.press("Escape");
  await note.click(right);
  await choose(app, /^Delete/);
  await expect(note).toHaveCount(0);
  await clickNowhere(app);
  await choose(app, /^Select every step/);
  await expect(chosen(app)).toHaveCount(4);
});

test("the menu comes by keys where the selection is, is walked by arrows, and gives the keys back", async ({ app, client }) => {
  const { id } = await flow(client, THREE, "flow.json");
  await open(app, id);
  await step(app, "hello").click();
  await app.keyboard.press("Shift+F10");
  await expect(menu(app, "Step hello")).toBeVisible();
  const [box, there] = [await menu(app, "Step hello").boundingBox(), await step(app, "hello").boundingBox()];
  expect(Math.abs((box?.x ?? 0) - (there?.x ?? 0))).toBeLessThan(there?.width ?? 0);
  await app.keyboard.press("Escape");
  await atCanvas(app);
  await expect(chosen(app)).toHaveText([/hello/]);
  await app.keyboard.press("ContextMenu");
  await expect(app.getByRole("menuitem", { name: /^Open/ })).toBeFocused();
  // By its first letter.
  await app.keyboard.press("d");
  await expect(app.getByRole("menuitem", { name: /^Disable/ })).toBeFocused();
  await app.keyboard.press("Enter");
  await expect(step(app, "hello").getByLabel("disabled")).toBeVisible();
  await atCanvas(app);
  await app.keyboard.press("e");
  await app.keyboard.press("Shift+F10");
  await expect(menu(app, /^Edge from/)).toBeVisible();
  await app.keyboard.press("Escape");
  await atCanvas(app);
  await app.keyboard.press("Escape");
  await app.keyboard.press("Shift+F10");
  await expect(menu(app, "Canvas")).toBeVisible();
});

test("a menu of the browser stays where somebody types, and in drawings of runs", async ({ app, client }) => {
  const { id } = await flow(client, THREE, "flow.json");
  await open(app, id);
  await app.keyboard.press("Shift+S");
  await app.getByLabel("Text of the note").click(right);
  await expect(app.getByRole("menu")).toHaveCount(0);
  await client.post(`/api/flows/${id}/start`);
  const { run } = await client.post<{ run: string }>(`/api/triggers/${id}/inject`, { input: {} });
  await client.get(`/api/runs/${run}?wait=30`);
  await app.goto(`/runs/${run}?tab=graph`);
  await step(app, "hello").click(right);
  await expect(app.getByRole("menu")).toHaveCount(0);
});
