import { gzipSync } from "node:zlib";
import { canvas, flow, open, row } from "../support/builder";
import { expect, test } from "../support/test";
import { framesWhile, pan, timeTo } from "./frames";
import { measured, median } from "./results";

const chain = (count: number): string =>
  row(Object.fromEntries(Array.from({ length: count }, (_, at) => [`n${at}`, at === 0 ? { type: "trigger" } : at === count - 1 ? { type: "end" } : { activityName: "print", config: { message: `${at}` } }])));

/** In rows of 25, as somebody would lay them out. */
function grid(count: number): string {
  const graph = JSON.parse(chain(count)) as { nodes: { position: { x: number; y: number } }[] };
  graph.nodes.forEach((node, at) => (node.position = { x: (at % 25) * 260, y: Math.floor(at / 25) * 130 }));
  return JSON.stringify(graph, null, 2);
}

test("a canvas of twelve steps, cold", async ({ app, browser, client, server }) => {
  const { id } = await flow(client, chain(12), "flow.json");
  const times: number[] = [];
  for (let round = 0; round < 5; round++) {
    const context = await browser.newContext({ baseURL: server.url, storageState: await app.context().storageState() });
    times.push(await timeTo(await context.newPage(), `/flows/${id}`, ".react-flow__node-step", 12));
    await context.close();
  }
  measured(1, `${Math.round(median(times))} ms (of 5: ${times.map(Math.round).join(", ")})`);
});

test("what the canvas loads", async ({ app, client }) => {
  const { id } = await flow(client, chain(12), "flow.json");
  const sizes: number[] = [];
  const asked: Promise<void>[] = [];
  app.on("response", (answer) => {
    if (/\.(js|css)$/.test(new URL(answer.url()).pathname)) asked.push(answer.body().then((bytes) => void sizes.push(gzipSync(bytes).length)));
  });
  await open(app, id);
  await expect(app.locator(".react-flow__node-step")).toHaveCount(12);
  await app.waitForLoadState("networkidle");
  await Promise.all(asked);
  measured(2, `canvas without the editor ${(sizes.reduce((sum, size) => sum + size, 0) / 1000).toFixed(0)} kB`);
});

test("what the dashboard loads", async ({ app }) => {
  const sizes: number[] = [];
  const asked: Promise<void>[] = [];
  app.on("response", (answer) => {
    if (/\.(js|css)$/.test(new URL(answer.url()).pathname)) asked.push(answer.body().then((bytes) => void sizes.push(gzipSync(bytes).length)));
  });
  await app.goto("/");
  await app.waitForLoadState("networkidle");
  await Promise.all(asked);
  measured(2, `dashboard ${(sizes.reduce((sum, size) => sum + size, 0) / 1000).toFixed(0)} kB`);
});

test("the editor", async ({ app, client }) => {
  const { id } = await flow(client, chain(12), "flow.json");
  const times: number[] = [];
  for (let round = 0; round < 3; round++) {
    await app.evaluate(() => localStorage.clear()).catch(() => undefined);
    await open(app, id);
    const before = Date.now();
    await app.getByRole("radio", { name: "Split" }).click();
    await expect(app.locator(".monaco-editor .view-line").first()).toBeVisible();
    times.push(Date.now() - before);
  }
  measured(3, `${Math.round(median(times))} ms (of 3: ${times.map(Math.round).join(", ")}; the first one cold)`);
});

test("a canvas of 500 steps", async ({ app, client }) => {
  const { id } = await flow(client, grid(500), "flow.json");
  measured(4, `opens in ${Math.round(await timeTo(app, `/flows/${id}`, ".react-flow__node-step", 400))} ms`);
  const box = (await canvas(app).boundingBox()) ?? { x: 300, y: 200, width: 800, height: 600 };
  const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  const all = await framesWhile(app, () => pan(app, middle, 150));
  measured(4, `panning all of them ${all.rate.toFixed(0)} fps, longest frame ${all.longest.toFixed(0)} ms`);
  await app.keyboard.press("0");
  const near = await framesWhile(app, () => pan(app, middle, 150));
  measured(4, `panning at 100 % ${near.rate.toFixed(0)} fps, longest frame ${near.longest.toFixed(0)} ms`);
});

test("contrast of handles and edges", async ({ app, client }) => {
  const { id } = await flow(client, chain(3), "flow.json");
  for (const scheme of ["light", "dark"] as const) {
    await app.emulateMedia({ colorScheme: scheme });
    await open(app, id);
    const ratio = await app.evaluate(() => {
      const context = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d");
      const light = (name: string): number => {
        if (!context) return Number.NaN;
        context.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(name);
        context.fillRect(0, 0, 1, 1);
        const [r = 0, g = 0, b = 0] = [...context.getImageData(0, 0, 1, 1).data].map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const [a, b] = [light("--control"), light("--canvas")].sort((x, y) => y - x);
      return ((a ?? 0) + 0.05) / ((b ?? 0) + 0.05);
    });
    measured(16, `${scheme}: edges and handles ${ratio.toFixed(1)} : 1`);
    expect(ratio).toBeGreaterThan(1);
  }
});
