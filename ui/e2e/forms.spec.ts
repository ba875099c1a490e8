import { FlowDocument } from "../src/document/document";
import { howRun, kindOf } from "../src/features/builder/how-run";
import type { KindLine, KindRecord } from "../src/features/catalogue/data";
import { flow, open, saved, textOf } from "./support/builder";
import type { Client } from "./support/client";
import { expect, test } from "./support/test";

const TYPES = ["agent", "child-workflow", "conditional", "loop", "signal", "phase", "retry", "state-variable", "data-in", "data-out", "wait", "approval", "set", "end"];
const COMPONENTS = ["api-endpoint", "kong-logging", "kong-cache", "kong-cors", "graphql-gateway", "mcp-server"];
const VALUES: Record<string, string | boolean> = { timeout: "30s", onError: "continue", onUnknown: "ask", outputKey: "found", join: "any", cancelRest: true };

const graph = (type: string, activityName?: string) => {
  const start = (id: string, type: string) => ({ id, type, position: { x: 0, y: 0 }, data: {} });
  const step = { id: "n", type, position: { x: 0, y: 0 }, data: activityName === undefined ? {} : { activityName } };
  const edges = [["s", "a"], ["s", "b"], ["a", "n"], ["b", "n"]].map(([source, target], at) => ({ id: `e${at}`, source, target }));
  return JSON.stringify({ name: "f", nodes: [start("s", "trigger"), start("a", "phase"), start("b", "phase"), step], edges });
};
const tree = (type: string) => `type: Sequence\nchildren:\n  - type: ${type}\n    id: n\n`;

/** What the server finds in a flow, the same once. */
async function found(client: Client, name: string, text: string): Promise<Set<string>> {
  const { diagnostics } = await client.post<{ diagnostics: { severity: string; code: string; message: string }[] }>("/api/check", { files: [{ name, text }] });
  return new Set(diagnostics.filter(({ severity }) => severity !== "info").map(({ code, message }) => `${code} ${message}`));
}

test("nothing that a form asks of how a step is run is anything the server finds wrong or without effect", async ({ client }) => {
  const { items } = await client.get<{ items: KindLine[] }>("/api/kinds");
  const records = new Map<string, KindRecord>();
  for (const { name } of items) records.set(name, await client.get<KindRecord>(`/api/kinds/${name}`));
  const flows = [
    ...items.flatMap(({ tree: type }): [string, string][] => (type ? [["flow.yaml", tree(type)]] : [])),
    ...["Sequence", "CheckCondition", "AlwaysCondition"].map((type): [string, string] => ["flow.yaml", tree(type)]),
    ...items.flatMap(({ name, aliases = [] }) => [name, ...aliases].flatMap((one): [string, string][] => [["flow.json", graph("activity", one)], ["flow.json", graph(one)]])),
    ...[...TYPES, ...COMPONENTS].map((type): [string, string] => ["flow.json", graph(type)]),
  ];
  let tried = 0;
  for (const [name, text] of flows) {
    const doc = new FlowDocument(name, text);
    const node = doc.state.projection.nodes.at(-1);
    const kind = node && kindOf(node, doc.state.projection, items);
    const how = node && howRun(node, doc.state.projection, kind === undefined ? undefined : records.get(kind));
    if (!node || !how) continue;
    for (const field of Object.keys(how.fields)) expect(doc.run({ do: "set", key: node.key, path: [...how.path, field], value: VALUES[field] ?? null }, 0).refused).toBeUndefined();
    if (how.retry) doc.run({ do: "set", key: node.key, path: [...how.path, how.retry.name, "maxAttempts"], value: 2 }, 0);
    const before = await found(client, name, text);
    const more = [...(await found(client, name, doc.state.text))].filter((one) => !before.has(one));
    expect(more, doc.state.text).toEqual([]);
    tried += 1;
  }
  expect(tried).toBeGreaterThan(60);
});

test("a value beside a text that cannot be read is shown as not taken", async ({ app, client }) => {
  const text = "type: Sequence\nid: root\nchildren:\n  - type: PrintAction\n    id: hello\n    props:\n      message: hello\n";
  const { id } = await flow(client, text);
  await open(app, id);
  await app.getByRole("radio", { name: "Split" }).click();
  await app.locator(".react-flow__node-step").filter({ hasText: "hello" }).dblclick();
  await app.locator(".view-line").filter({ hasText: "message: hello" }).first().click();
  await app.keyboard.press("End");
  await app.keyboard.type(': "');
  await expect(app.getByRole("alert").filter({ hasText: "cannot be read" })).toBeVisible();
  const field = app.getByRole("complementary").getByRole("textbox", { name: /^message/ });
  await field.fill("good day");
  await field.blur();
  await expect(field).toHaveAttribute("aria-invalid", "true");
  await expect(app.getByText(/^The text cannot be read \(line 7\)\. Mend it there first\.$/)).toBeVisible();
  await app.locator(".view-line").filter({ hasText: "message: hello" }).first().click();
  await app.keyboard.press("Control+z");
  await expect(app.getByRole("alert").filter({ hasText: "cannot be read" })).toHaveCount(0);
  await field.fill("good evening");
  await expect(field).not.toHaveAttribute("aria-invalid", "true");
  await saved(app);
  await expect.poll(() => textOf(client, id)).toBe(text.replace("message: hello", "message: good evening"));
});
