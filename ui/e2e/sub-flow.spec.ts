import { FlowDocument } from "../src/document/document";
import { examples } from "../test/flows";
import { canvas, flow, open, row, saved, step, textOf } from "./support/builder";
import type { Client } from "./support/client";
import { expect, test } from "./support/test";

const print = (message: string) => ({ activityName: "print", config: { message } });
const ROW = row({ start: { type: "trigger" }, uno: print("one {{ input.name ?? 'nobody' }}"), two: print("two {{ data }}"), three: print("three {{ data }} {{ nodes.two.output }}"), stop: { type: "end" } });

const dialog = { name: "Make a sub-flow" };

test("selected steps become a flow of their own, by keys, and the run gives what it gave", async ({ app, client }) => {
  const { id } = await flow(client, ROW, "flow.json");
  const before = await outputOf(client, id);
  await open(app, id);
  await step(app, /^uno/).click();
  await step(app, /^two/).click({ modifiers: ["Shift"] });
  await expect(app.getByRole("toolbar", { name: "Selected steps" })).toContainText("2 steps");
  await app.keyboard.press("Alt+x");
  await expect(app.getByRole("dialog", dialog)).toBeVisible();
  await app.keyboard.type("Greet first");
  await app.keyboard.press("Enter");
  await expect(app.getByRole("dialog", dialog)).toHaveCount(0);
  await expect(step(app, "Greet first")).toBeVisible();
  await expect(app.locator(".react-flow__node-step")).toHaveCount(4);
  await saved(app);
  expect(JSON.parse(await textOf(client, id))).toMatchObject({ edges: [{ source: "start", target: "two" }, { source: "two", target: "three" }, { source: "three", target: "stop" }] });
  expect(await outputOf(client, id)).toEqual(before);
  await canvas(app).focus();
  await app.keyboard.press("Control+z");
  await expect(app.locator(".react-flow__node-step")).toHaveCount(5);
  await saved(app);
  expect(await textOf(client, id)).toBe(ROW);
  await app.getByRole("button", { name: "Open", exact: true }).click();
  await expect(app.getByRole("textbox", { name: "Title" }).or(app.getByRole("heading", { name: "Greet first" })).first()).toBeVisible();
  await expect(step(app, "What flows in")).toBeVisible();
});

test.describe("a name that is taken", () => {
  test.use({ allowed: "status of 409" });

  test("is said, and another is asked for", async ({ app, client }) => {
    const { id } = await flow(client, ROW, "flow.json");
    await client.post("/api/flows", { name: "taken-already", files: [{ name: "flow.json", text: ROW }] });
    await open(app, id);
    await step(app, /^uno/).click();
    await app.keyboard.press("Alt+x");
    await app.getByLabel("Name of the sub-flow").fill("Taken already");
    await app.keyboard.press("Enter");
    await expect(app.getByRole("dialog", dialog)).toContainText(/taken-already/);
    await app.getByLabel("Name of the sub-flow").fill("Not taken");
    await app.keyboard.press("Enter");
    await expect(step(app, "Not taken")).toBeVisible();
  });
});

test("what cannot be taken out says why, and a click on one of several steps selects it alone", async ({ app, client }) => {
  const { id } = await flow(client, ROW, "flow.json");
  await open(app, id);
  await step(app, /^uno/).click();
  await step(app, /^three/).click({ modifiers: ["Shift"] });
  await app.getByRole("button", { name: "Make sub-flow" }).click();
  await expect(app.getByRole("dialog").getByRole("alert")).toContainText("several ways in: to uno and three");
  await app.getByRole("button", { name: "Close" }).last().click();
  await step(app, /^uno/).click();
  await expect(app.getByRole("toolbar", { name: "Selected steps" })).toHaveCount(0);
});

/** What a run of the draft gives, and how it ended. */
async function outputOf(client: Client, id: string): Promise<unknown> {
  const { run } = await client.post<{ run: string }>(`/api/flows/${id}/try`, { input: { name: "Ada" } });
  let found: { status: string; output?: unknown } = { status: "" };
  await expect.poll(async () => {
    found = await client.get(`/api/runs/${run}`);
    return found.status;
  }, { timeout: 30_000 }).toMatch(/succeeded|failed|cancelled/);
  return [found.status, found.output ?? found];
}

interface Checked {
  diagnostics: { severity: string; code: string; message: string }[];
}

test("any row of steps of any example gives two flows in which the server finds nothing new", async ({ client }) => {
  const errors = async (name: string, text: string) => {
    const { diagnostics } = await client.post<Checked>("/api/check", { files: [{ name, text }] });
    return diagnostics.filter(({ severity }) => severity === "error").map(({ code, message }) => `${code} ${message}`);
  };
  let taken = 0;
  for (const { name, text } of examples()) {
    const file = name.endsWith(".json") ? "flow.json" : "flow.yaml";
    const { projection } = new FlowDocument(file, text).state;
    if (projection.dialect !== "graph") continue;
    const known = await errors(file, text);
    const pairs = projection.edges.map(({ source, target }) => [source, target]);
    for (const keys of [...projection.nodes.map(({ key }) => [key]), ...pairs, projection.nodes.map(({ key }) => key)]) {
      const doc = new FlowDocument(file, text);
      const part = doc.takenOut(keys, "part");
      if ("refused" in part) continue;
      expect(doc.run({ do: "extract", keys, name: "part" }, 0).refused).toBeUndefined();
      const found = [...(await errors(file, part.text)), ...(await errors(file, doc.state.text))];
      expect(found.filter((one) => !known.includes(one)), `${name}: ${keys.join(", ")}`).toEqual([]);
      taken += 1;
    }
  }
  expect(taken).toBeGreaterThan(20);
});
