import type { Page } from "@playwright/test";
import { seriousFindings } from "./support/axe";
import { flow, open, saved, step, textOf } from "./support/builder";
import { expect, test } from "./support/test";

const PERSON = { type: "object", required: ["name"], properties: { name: { type: "string", description: "As it is written." }, age: { type: "integer" } }, additionalProperties: false };
const GRAPH = `${JSON.stringify(
  {
    name: "typed",
    inputSchema: { type: "object", required: ["person"], properties: { person: PERSON }, additionalProperties: false },
    nodes: [
      { id: "start", type: "trigger", position: { x: 0, y: 0 }, data: {} },
      { id: "fetch", type: "activity", position: { x: 240, y: 0 }, data: { label: "Fetch", activityName: "http.request", config: { url: "http://127.0.0.1:9/" } } },
      { id: "say", type: "activity", position: { x: 480, y: 0 }, data: { label: "Say", activityName: "print", config: { message: "Hello {{ input.person.name }}" } } },
    ],
    edges: [
      { id: "e1", source: "start", target: "fetch" },
      { id: "e2", source: "fetch", target: "say" },
    ],
  },
  null,
  2,
)}\n`;

/** Opens the message of the last step in the editor, with the cursor at its end. */
async function edit(app: Page): Promise<ReturnType<Page["getByRole"]>> {
  await step(app, "Say").dblclick();
  await app.getByRole("button", { name: "Open message in the editor" }).click();
  const sheet = app.getByRole("dialog", { name: "message" });
  await expect(sheet.locator(".view-line").first()).toBeVisible();
  await app.keyboard.press("Control+End");
  return sheet;
}

/** Writes over all there is. */
async function write(app: Page, text: string): Promise<void> {
  await app.keyboard.press("Control+a");
  await app.keyboard.press("Delete");
  await app.keyboard.type(text);
}

const offers = (app: Page) => app.locator(".suggest-widget.visible .monaco-list-row");

test("an expression is written with the types of what it can name", async ({ app, client }) => {
  const { id } = await flow(client, GRAPH, "flow.json");
  const scripts: string[] = [];
  app.on("request", (request) => scripts.push(new URL(request.url()).pathname));
  await open(app, id);
  expect(scripts.filter((path) => /\/(worker|monaco|use-names)-/.test(path)), "of the editor, before it is opened").toEqual([]);
  const sheet = await edit(app);
  // The braces are closed as they are opened.
  const begun = Date.now();
  await write(app, "Hello {{ input.person.");
  await expect(offers(app)).toHaveText([/^age/, /^name/]);
  console.log(`first completion after ${Date.now() - begun} ms, with the language service not yet there`);
  await app.keyboard.type("na");
  await app.keyboard.press("Enter");
  await app.keyboard.type(".pad");
  await expect(offers(app).first()).toContainText("padEnd");
  await app.keyboard.press("Enter");
  await app.keyboard.type("(");
  await expect(app.locator(".parameter-hints-widget.visible")).toContainText("padEnd(length: number, filler?: string): string");
  await app.keyboard.type("9");
  // Escape closes what is open in the editor first.
  await app.keyboard.press("Escape");
  await expect(app.locator(".parameter-hints-widget.visible")).toHaveCount(0);
  await expect(sheet).toBeVisible();
  const lines = sheet.locator(".view-line");
  await lines.getByText("person", { exact: false }).last().hover();
  await expect(app.locator(".monaco-hover:visible")).toContainText(/person: \{|name: string|padEnd\(length: number/);
  await sheet.getByRole("button", { name: "Done" }).click();
  await saved(app);
  expect(JSON.parse(await textOf(client, id)).nodes[2].data.config.message).toMatch(/^Hello \{\{ input\.person\.name\.padEnd\(9\) ?\}\}$/);
});

test("what a step before gave has types, and an unknown name is marked", async ({ app, client }) => {
  const { id } = await flow(client, GRAPH, "flow.json");
  await open(app, id);
  const sheet = await edit(app);
  await write(app, "{{ nodes.fetch.output.sta");
  await expect(offers(app).first()).toContainText("status");
  await app.keyboard.press("Enter");
  await app.keyboard.type(" + nobody");
  await expect(sheet.locator(".squiggly-warning, .squiggly-error").first()).toBeVisible();
  // The check of the flow has the last word, and its own severity.
  await expect(sheet.getByRole("listitem")).toHaveText(["there is nothing named `nobody` here"]);
  await expect(sheet.locator(".squiggly-error")).toHaveCount(1);
  await expect(sheet.locator(".squiggly-warning")).toHaveCount(0);
  await write(app, "{{ input.person.name - 1");
  await expect(sheet.getByRole("listitem")).toHaveText([/^a number is wanted here/]);
  await expect(sheet.locator(".squiggly-warning")).toHaveCount(1);
  await write(app, "{{ data.status");
  await expect(sheet.getByRole("listitem")).toHaveCount(0);
});

test("the editor of an expression is left by keys", async ({ app, client }) => {
  const { id } = await flow(client, GRAPH, "flow.json");
  await open(app, id);
  const sheet = await edit(app);
  await app.keyboard.press("Tab");
  await expect(sheet.getByRole("button", { name: "Done" })).toBeFocused();
  await app.keyboard.press("Shift+Tab");
  await app.keyboard.type("!");
  await app.keyboard.press("Escape");
  await expect(sheet).toHaveCount(0);
  await expect(app.getByRole("button", { name: "Open message in the editor" })).toBeFocused();
  await expect(app.getByLabel(/^message/)).toHaveValue("Hello {{ input.person.name }}!");
});

test("the input of a run is written with the members it is to have", async ({ app, client }) => {
  const { id } = await flow(client, GRAPH, "flow.json");
  await open(app, id);
  await app.getByRole("button", { name: "Input", exact: true }).click();
  await app.getByRole("button", { name: "Open Input in the editor" }).click();
  const sheet = app.getByRole("dialog", { name: "Input", exact: true });
  await expect(sheet.locator(".view-line").first()).toBeVisible();
  await write(app, "{");
  await expect(sheet.getByRole("listitem")).toHaveText(["`person` is missing"]);
  await app.keyboard.press("Control+Space");
  await expect(offers(app)).toHaveText([/^person/]);
  await app.keyboard.press("Enter");
  await app.keyboard.type('{"name": 1');
  await expect(sheet.getByRole("listitem")).toHaveText(["`number` is given where `string` is wanted"]);
  await app.keyboard.press("Backspace");
  await app.keyboard.type('"Ada');
  await expect(sheet.getByRole("listitem")).toHaveCount(0);
  await sheet.getByRole("button", { name: "Done" }).click();
  await app.getByRole("button", { name: "Keep" }).click();
  await app.getByRole("button", { name: "Input", exact: true }).click();
  await expect(app.getByRole("textbox", { name: "Input", exact: true })).toHaveValue(/"name": "Ada"/);
});

test("a run begins with what was typed as its input, by one click or by keys", async ({ app, client }) => {
  const { id } = await flow(client, JSON.stringify({ name: "echo", nodes: [{ id: "start", type: "trigger", position: { x: 0, y: 0 } }, { id: "end", type: "end", position: { x: 240, y: 0 } }], edges: [{ id: "e", source: "start", target: "end" }] }), "flow.json");
  await open(app, id);
  const started = () => app.waitForRequest((request) => request.url().endsWith("/try")).then((request) => (request.postDataJSON() as { input: unknown }).input);
  const field = app.getByRole("textbox", { name: "Input", exact: true });
  await app.getByRole("button", { name: "Input", exact: true }).click();
  // Nothing below it moves away while it is clicked.
  await field.fill('{"list":[1,2,3]}');
  const first = started();
  await app.getByRole("dialog").getByRole("button", { name: "Run" }).click();
  expect(await first).toEqual({ list: [1, 2, 3] });
  await expect(app.getByText("Succeeded").first()).toBeVisible();
  await app.getByRole("button", { name: "Input", exact: true }).click();
  await field.fill('{"list":[');
  await expect(app.getByRole("dialog").getByRole("button", { name: "Keep" })).toBeDisabled();
  await field.fill('{"list":[4]}');
  const second = started();
  await app.keyboard.press("Control+Enter");
  expect(await second).toEqual({ list: [4] });
  await expect(app.getByRole("dialog")).toHaveCount(0);
});

test("what a step was given is seen in several forms, and a part of it is dragged into a parameter", async ({ app, client }) => {
  const order = { customer: { name: "Ada" }, lines: [{ item: "lamp", count: 2 }, { item: "bulb", count: 1 }] };
  const nodes = [
    { id: "start", type: "trigger", position: { x: 0, y: 0 } },
    { id: "read", type: "activity", position: { x: 240, y: 0 }, data: { activityName: "mock", config: { output: order } } },
    { id: "say", type: "activity", position: { x: 480, y: 0 }, data: { label: "Say", activityName: "print", config: { message: "Hello " } } },
    { id: "stop", type: "end", position: { x: 720, y: 0 } },
  ];
  const { id } = await flow(client, JSON.stringify({ name: "dragged", nodes, edges: [{ id: "a", source: "start", target: "read" }, { id: "b", source: "read", target: "say" }, { id: "c", source: "say", target: "stop" }] }), "flow.json");
  await open(app, id);
  await app.keyboard.press("Control+Enter");
  await expect(app.getByText("Succeeded").first()).toBeVisible();
  await step(app, "Say").dblclick();
  await app.getByRole("button", { name: /side by side/ }).click();
  const input = app.getByRole("region", { name: "Input" });
  await expect(input.getByText("Ada")).toBeVisible();
  await input.getByText("name:").dragTo(app.getByLabel("message", { exact: false }).first());
  await expect(app.getByLabel("message", { exact: false }).first()).toHaveValue("Hello {{ data.customer.name }}");
  await saved(app);
  expect(await textOf(client, id)).toContain("{{ data.customer.name }}");
  await app.screenshot({ path: "test-results/dragged.png" });
  await input.getByRole("radio", { name: "Schema" }).click();
  await expect(input.getByRole("listitem").filter({ hasText: "lines" })).toContainText("list of objects");
  await app.getByRole("button", { name: /in turn/ }).click();
  await expect(app.getByRole("complementary", { name: "Steps" })).toBeVisible();
});

test("the text of a flow offers what could stand in it", async ({ app, client }) => {
  const { id } = await flow(client, "type: Sequence\nid: all\nchildren:\n  - type: PrintAction\n    id: hello\n    props:\n      message: hi\n");
  await open(app, id);
  await app.getByRole("radio", { name: "Split" }).click();
  await app.locator(".view-line").filter({ hasText: "message: hi" }).first().click();
  await app.keyboard.press("End");
  await app.keyboard.type(" {{ inp");
  await expect(offers(app).first()).toContainText("input");
  await app.keyboard.press("Enter");
  await saved(app);
  expect(await textOf(client, id)).toContain("message: hi {{ input");
});

for (const scheme of ["light", "dark"] as const) {
  test(`the editor of an expression in ${scheme}`, async ({ app, client }) => {
    const { id } = await flow(client, GRAPH, "flow.json");
    await app.emulateMedia({ colorScheme: scheme });
    await open(app, id);
    const sheet = await edit(app);
    await write(app, "{{ input.person.");
    await expect(offers(app)).toHaveCount(2);
    await app.screenshot({ path: `test-results/expression-${scheme}.png` });
    await app.keyboard.press("Escape");
    await expect(offers(app)).toHaveCount(0);
    expect(await seriousFindings(app)).toEqual([]);
    await expect(sheet).toBeVisible();
  });
}
