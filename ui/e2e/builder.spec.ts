import { readFile } from "node:fs/promises";
import type { Page } from "@playwright/test";
import { atCanvas, flow, open, row, saved, step, textOf } from "./support/builder";
import { expect, test } from "./support/test";

/** What a text field of the editor shows is not all there is; the model is asked through what is copied. */
async function typeIntoText(page: Page, after: string, typed: string): Promise<void> {
  await page.locator(".view-line").filter({ hasText: after }).first().click();
  await page.keyboard.press("End");
  await page.keyboard.type(typed);
}

const GRAPH = JSON.stringify({ name: "g", nodes: [{ id: "start", type: "trigger", position: { x: 0, y: 0 }, data: { label: "Start" } }], edges: [] }, null, 2);

const TREE = `# What this is for, kept.
type: Sequence
id: root
children:
  # Says hello, kept.
  - type: PrintAction   # kept as well
    id: hello
    name: Hello
    props: {message: "hello"}
  - type: PrintAction
    id: bye
    name: Bye
    props:
      message: bye
`;

test("a flow of three steps is drawn, connected, set, run and looked at by keys only", async ({ app, client }) => {
  const { id } = await flow(client, GRAPH, "flow.json");
  await open(app, id);
  await app.getByRole("application", { name: /^Canvas/ }).focus();
  await app.keyboard.press("ArrowRight");
  await app.keyboard.press("Tab");
  await app.keyboard.type("print");
  await app.keyboard.press("Enter");
  await expect(step(app, "Print")).toBeVisible();
  await atCanvas(app);
  await app.keyboard.press("Escape");
  await app.keyboard.press("Tab");
  await app.keyboard.type("End");
  await app.keyboard.press("Enter");
  await expect(step(app, "End")).toBeVisible();
  await expect(app.locator(".react-flow__edge")).toHaveCount(2);
  await atCanvas(app);
  // Cuts the new edge by undo of nothing: connects start to the end as well, by name.
  await app.keyboard.press("ArrowLeft");
  await app.keyboard.press("ArrowLeft");
  await app.keyboard.press("c");
  await app.keyboard.type("end");
  await app.keyboard.press("Enter");
  await expect(app.locator(".react-flow__edge")).toHaveCount(3);
  await atCanvas(app);
  await app.keyboard.press("Control+z");
  await expect(app.locator(".react-flow__edge")).toHaveCount(2);
  await atCanvas(app);
  await app.keyboard.press("ArrowRight");
  await expect(app.locator(".react-flow__node.selected")).toContainText("Print");
  await app.keyboard.press("Enter");
  await expect(app.getByLabel("Name", { exact: true })).toBeFocused();
  while (!(await app.getByLabel(/^message/).evaluate((field) => field === document.activeElement))) await app.keyboard.press("Tab");
  await app.keyboard.type("from the keyboard");
  await saved(app);
  await app.keyboard.press("Control+Enter");
  await expect(step(app, "Print").getByText("Succeeded")).toBeVisible();
  expect(JSON.parse(await textOf(client, id)).nodes.find((node: { id: string }) => node.id === "print").data.config).toEqual({ message: "from the keyboard" });
});

test("the same flow by mouse: from the palette, onto an edge, by a wire", async ({ app, client }) => {
  const { id } = await flow(client, GRAPH, "flow.json");
  await open(app, id);
  const steps = app.getByRole("complementary", { name: "Steps" });
  await steps.getByRole("button", { name: "End", exact: true }).click();
  await expect(app.locator(".react-flow__edge")).toHaveCount(1);
  const wire = await app.locator(".react-flow__edge-interaction").first().evaluate((path) => path.getBoundingClientRect().toJSON());
  await app.mouse.move(wire.x + wire.width / 2, wire.y + wire.height / 2, { steps: 4 });
  await app.getByRole("button", { name: "Put a step here" }).click();
  await app.getByLabel("Search steps", { exact: true }).fill("print");
  await app.getByRole("option", { name: /^Print/ }).click();
  await expect(app.locator(".react-flow__edge")).toHaveCount(2);
  await step(app, "Print").dblclick();
  await app.getByLabel(/^message/).fill("by mouse");
  const flowText = JSON.parse(await (await saved(app), textOf(client, id)));
  expect(flowText.edges.map((edge: { source: string; target: string }) => `${edge.source}>${edge.target}`).sort()).toEqual(["print>end", "start>print"]);
  await app.getByRole("button", { name: "Run", exact: true }).click();
  await expect(step(app, "End").getByText("Succeeded")).toBeVisible();
});

test("what is written is drawn, what is drawn is written, and comments stay", async ({ app, client }) => {
  const { id } = await flow(client, TREE);
  await open(app, id);
  await app.getByRole("radio", { name: "Split" }).click();
  await expect(app.locator(".monaco-editor")).toBeVisible();
  await typeIntoText(app, "name: Bye", " bye");
  await expect(step(app, "Bye bye")).toBeVisible();
  await step(app, "Hello").click();
  await app.keyboard.press("F2");
  await app.getByLabel("Name", { exact: true }).fill("Good morning");
  await app.keyboard.press("Enter");
  await expect(step(app, "Good morning")).toBeVisible();
  await saved(app);
  expect(await textOf(client, id)).toBe(TREE.replace("name: Hello", "name: Good morning").replace("name: Bye", "name: Bye bye"));
  await app.getByRole("button", { name: "Undo", exact: true }).click();
  await app.getByRole("button", { name: "Undo", exact: true }).click();
  await expect(step(app, /^Bye(?! bye)/)).toBeVisible();
  await expect.poll(() => textOf(client, id)).toBe(TREE);
});

test("a broken text names its line and keeps what was drawn", async ({ app, client }) => {
  const { id } = await flow(client, TREE);
  await open(app, id);
  await app.getByRole("radio", { name: "Split" }).click();
  await expect(app.locator(".monaco-editor")).toBeVisible();
  await typeIntoText(app, "name: Bye", ': "');
  await expect(app.getByRole("alert").filter({ hasText: "cannot be read" })).toContainText(/Line 1\d/);
  await expect(step(app, "Hello")).toBeVisible();
  await app.keyboard.press("Control+z");
  await expect(app.getByRole("alert").filter({ hasText: "cannot be read" })).toHaveCount(0);
});

test.describe("two tabs", () => {
  test.use({ allowed: "status of 409" });

  test("in conflict lose nothing: both texts are shown, and what is chosen is kept", async ({ app, client, server }) => {
    const { id, revision } = await flow(client, TREE);
    await open(app, id);
    expect(server.url).toContain("127.0.0.1");
    const theirs = TREE.replace("name: Hello", "name: From another tab");
    const notes = { theirs: { x: 0, y: -200, width: 200, height: 80, text: "A note from another tab", color: "plain" } };
    await client.send("PUT", `/api/flows/${id}`, { files: [{ name: "flow.yaml", text: theirs }], canvas: { notes } }, { "if-match": `"${revision}"` });
    await step(app, "Bye").click();
    await app.keyboard.press("F2");
    await app.getByLabel("Name", { exact: true }).fill("From this tab");
    await app.keyboard.press("Enter");
    const dialog = app.getByRole("dialog", { name: "This flow was changed elsewhere" });
    await expect(dialog).toBeVisible();
    await expect(dialog.locator(".monaco-diff-editor")).toBeVisible();
    // Whoever leaves the page in front of the choice has not chosen, however often.
    for (const _ of ["once", "twice"]) {
      await app.reload();
      await app.getByRole("button", { name: "Bring them back" }).click();
      await expect(dialog.locator(".monaco-diff-editor")).toContainText("From another tab");
    }
    expect(await textOf(client, id)).toBe(theirs);
    await dialog.getByRole("button", { name: "Keep what is on the right" }).click();
    await saved(app);
    await expect(app.getByText("A note from another tab")).toBeVisible();
    expect(await textOf(client, id)).toContain("From this tab");
    expect((await client.get<{ canvas: object }>(`/api/flows/${id}`)).canvas).toMatchObject({ notes });
    const { items } = await client.get<{ items: { files: { text: string }[] }[] }>(`/api/flows/${id}/revisions`);
    expect(items.some((one) => one.files[0]?.text.includes("From another tab"))).toBe(true);
  });
});

test("a version is published, and comes back after a change", async ({ app, client }) => {
  const { id } = await flow(client, TREE);
  await open(app, id);
  await app.getByRole("button", { name: "Publish" }).click();
  await app.getByRole("dialog").getByLabel("What is new").fill("The first one");
  await app.getByRole("dialog").getByRole("button", { name: "Publish" }).click();
  await expect(app.getByRole("dialog")).toHaveCount(0);
  await step(app, "Bye").click();
  await app.keyboard.press("Delete");
  await expect(step(app, "Bye")).toHaveCount(0);
  await saved(app);
  await app.getByRole("button", { name: "More", exact: true }).click();
  await app.getByRole("menuitem", { name: "History" }).click();
  await expect(app.getByText("The first one", { exact: false })).toBeVisible();
  await app.getByRole("button", { name: "Restore" }).first().click();
  await expect(step(app, "Bye")).toBeVisible();
  expect(await textOf(client, id)).toBe(TREE);
});

test("a number with too many digits is told at its field, and what was there before stays", async ({ app, client }) => {
  const { id } = await flow(client, row({ start: { type: "trigger" }, echo: { activityName: "mock", config: { output: { id: 1 } } }, stop: { type: "end" } }), "flow.json");
  const output = async () => JSON.parse(await textOf(client, id)).nodes[1].data.config.output;
  await open(app, id);
  await step(app, "echo").dblclick();
  const field = app.getByLabel(/^output/).first();
  await field.click();
  await app.keyboard.press("ControlOrMeta+A");
  await app.keyboard.type('{"id": 12345678901234567890}');
  await expect(field).toHaveAccessibleDescription(/12345678901234567890 has more digits than a number can keep/);
  await app.keyboard.press("Tab");
  await expect(field).toHaveValue('{"id": 12345678901234567890}');
  await saved(app);
  expect(await output()).toEqual({ id: 1 });
  await field.fill('{"id": "12345678901234567890"}');
  await saved(app);
  await expect.poll(output).toEqual({ id: "12345678901234567890" });
  await expect(field).not.toHaveAccessibleDescription(/has more digits/);
});

test("a page that was left before it could save offers what it had", async ({ app, client }) => {
  const { id } = await flow(client, TREE);
  await open(app, id);
  await app.evaluate(([key, text]) => localStorage.setItem(key ?? "", JSON.stringify({ revision: 1, text, canvas: {} })), [`weir.unsaved.${id}`, TREE.replace("name: Bye", "name: Unsaved")]);
  await app.reload();
  await app.getByRole("button", { name: "Bring them back" }).click();
  await expect(step(app, "Unsaved")).toBeVisible();
  await expect.poll(() => textOf(client, id)).toContain("Unsaved");
});

test("steps are copied between flows as JSON, grouped, noted, and all of it is undone", async ({ app, client }) => {
  await app.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  const { id } = await flow(client, TREE);
  await open(app, id);
  await step(app, "Hello").click();
  await expect(app.locator(".react-flow__node.selected")).toHaveCount(1);
  await app.keyboard.press("Control+c");
  const clip = JSON.parse(await app.evaluate(() => navigator.clipboard.readText()));
  expect(clip).toMatchObject({ weir: 1, dialect: "tree", nodes: [{ type: "PrintAction", id: "hello" }] });
  await app.keyboard.press("Control+v");
  await expect(step(app, "Hello")).toHaveCount(2);
  await app.keyboard.press("Control+g");
  await expect(app.locator(".react-flow__node-frame")).toHaveCount(1);
  await app.keyboard.press("Shift+S");
  await app.getByLabel("Text of the note").fill("Look at this");
  await app.getByRole("application", { name: /^Canvas/ }).focus();
  await expect(app.getByText("Look at this")).toBeVisible();
  await saved(app);
  const undo = app.getByRole("button", { name: "Undo", exact: true });
  while (await undo.isEnabled()) await undo.click();
  await expect.poll(() => textOf(client, id)).toBe(TREE);
});

test("a step is tested alone, its output pinned, and what is wrong with a flow leads to its place", async ({ app, client }) => {
  const { id } = await flow(client, TREE.replace("type: PrintAction   #", "type: Prnt   #"));
  await open(app, id);
  await app.getByRole("button", { name: /1 problem/ }).click();
  await app.getByRole("list", { name: "Problems" }).getByRole("button", { name: /Prnt/ }).click();
  await expect(app.getByRole("complementary", { name: "Step Hello" })).toBeVisible();
  await app.getByRole("button", { name: "Close the step" }).click();
  await step(app, "Bye").dblclick();
  await app.getByRole("tab", { name: "Last run" }).click();
  await expect(app.getByText("It has not run yet", { exact: false })).toBeVisible();
});

test("what a step waits for is answered on the canvas, and what flowed in is beside what came out", async ({ app, client }) => {
  const text = await readFile(new URL("../../examples/contract-approval/flow.json", import.meta.url), "utf8");
  const { id } = await flow(client, text, "flow.json");
  await open(app, id);
  await app.evaluate(([key, input]) => localStorage.setItem(key ?? "", input ?? ""), [`weir.input.${id}`, JSON.stringify({ contract: "C-1", customer: "Ada", amount: 10 })]);
  await app.reload();
  await app.getByRole("button", { name: "Run", exact: true }).click();
  await app.getByRole("button", { name: "Answer" }).click();
  await app.getByRole("textbox", { name: /^Payload of draft/ }).fill('{"pages": 3}');
  await app.getByRole("button", { name: "Send signal" }).click();
  // The dialog goes with what it asks about.
  await expect(app.getByRole("dialog")).toHaveCount(0);
  const manager = step(app, /^Manager/);
  await expect(manager.getByText("for approval")).toBeVisible();
  await manager.getByRole("button", { name: "Answer" }).click();
  await app.getByRole("button", { name: "Approve" }).click();
  await expect(app.getByRole("dialog")).toHaveCount(0);
  await expect(manager.getByText("Succeeded")).toBeVisible();
  await manager.dblclick();
  await app.getByRole("button", { name: "Show input, settings and output side by side" }).click();
  const opened = app.getByRole("complementary", { name: /^Step Manager/ });
  await expect(opened.getByRole("region", { name: "Input" })).toContainText("What flowed in");
  await expect(opened.getByRole("region", { name: "Output" })).toContainText("What came out");
  await expect(opened.getByRole("region", { name: "Settings" }).getByLabel("Name", { exact: true })).toHaveValue(/Manager/);
  await app.getByRole("button", { name: "Stop" }).click();
});

test("a flow of a thousand steps opens, is simplified from afar, and takes a step more", async ({ app, client }, { project }) => {
  // The thousand in `make browser`; in every run of the tests a part of them.
  const count = project.name === "short" ? 250 : 1000;
  const nodes = Array.from({ length: count }, (_, at) => ({ id: `n${at}`, type: at === 0 ? "trigger" : "activity", position: { x: (at % 40) * 240, y: Math.floor(at / 40) * 120 }, data: { label: `Step ${at}`, ...(at === 0 ? {} : { activityName: "print", config: { message: `${at}` } }) } }));
  const edges = nodes.slice(1).map((node, at) => ({ id: `e${at}`, source: `n${at}`, target: node.id }));
  const { id } = await flow(client, JSON.stringify({ name: "large", nodes, edges }, null, 2), "flow.json");
  await open(app, id);
  await expect(app.getByText(`${count} steps`).first()).toBeVisible();
  await expect.poll(() => app.locator(".react-flow__node-step").count()).toBeGreaterThan(100);
  await app.getByRole("complementary", { name: "Steps" }).getByRole("button", { name: "End", exact: true }).click();
  await expect(app.getByText(`${count + 1} steps`).first()).toBeVisible();
  await saved(app);
});

test("an organism is drawn with its peers, and a tree's parts are hidden and shown", async ({ app, client }) => {
  const { id } = await flow(client, "organism:\n  name: o\nlisteners:\n  - name: desk\n    agent: true\n    prompt: Help.\n    peers: [orders]\n  - name: orders\n    handler: x\nbindings:\n  x: \"{{ 1 }}\"\n");
  await open(app, id);
  await expect(app.locator(".react-flow__edge")).toHaveCount(1);
  await step(app, "desk").click();
  await app.keyboard.press("F2");
  await app.getByLabel("Name", { exact: true }).fill("helpdesk");
  await app.keyboard.press("Enter");
  await expect(step(app, "helpdesk")).toBeVisible();
  const tree = await flow(client, TREE);
  await open(app, tree.id);
  await step(app, "root").getByRole("button", { name: "Hide what is inside" }).click();
  await expect(step(app, "Hello")).toHaveCount(0);
  await step(app, "root").getByRole("button", { name: "Show what is inside" }).click();
  await expect(step(app, "Hello")).toBeVisible();
});
