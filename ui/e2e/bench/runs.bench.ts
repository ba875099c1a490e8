import type { Client } from "../support/client";
import type { Server } from "../support/server";
import { flow } from "../support/builder";
import { expect, test } from "../support/test";
import { differences } from "../../src/features/runs/machine/diff";
import { framesWhile } from "./frames";
import { Paced } from "./paced";
import { measured, median, quantile } from "./results";

const inject = async (client: Client, id: string): Promise<string> => (await client.post<{ run: string }>(`/api/triggers/${id}/inject`, { input: {} })).run;

async function started(client: Client, text: string): Promise<string> {
  const { id } = await flow(client, text);
  await client.post(`/api/flows/${id}/start`);
  return id;
}

const repeated = (times: number, delay: string) => `type: Repeat
id: many
props: {numCycles: ${times}}
children:
  - {type: Mock, id: one, props: {delay: ${delay}, output: {n: 1}, outputKey: last}}
`;

test("how far the page is behind the server", async ({ app, client }) => {
  test.setTimeout(300_000);
  const id = await started(client, repeated(40, "100ms"));
  const run = await inject(client, id);
  await app.goto(`/runs/${run}?tab=events`);
  await app.evaluate(() => {
    const seen: Record<string, number> = {};
    const look = () => {
      for (const item of document.querySelectorAll("[aria-label=Events] [role=listitem]")) {
        const number = /\d+/.exec(item.querySelector("span")?.textContent ?? "")?.[0];
        if (number) seen[number] ??= Date.now();
      }
      requestAnimationFrame(look);
    };
    (globalThis as unknown as { seen: Record<string, number> }).seen = seen;
    look();
  });
  await expect(app.getByRole("status", { name: "State of the run" })).toHaveText("Succeeded", { timeout: 120_000 });
  const seen = await app.evaluate(() => (globalThis as unknown as { seen: Record<string, number> }).seen);
  const { items } = await client.get<{ items: { seq: number; at: string | number }[] }>(`/api/runs/${run}/journal?limit=1000`);
  // What was there before the page was looked at says nothing.
  const lags = items.flatMap(({ seq, at }) => (seen[seq] === undefined ? [] : [seen[seq] - new Date(at).getTime()])).slice(5);
  measured(12, `behind the journal by ${Math.round(quantile(lags, 0.95))} ms at p95 (${lags.length} events)`);
});

/** All that a run that has ended tells, as it is sent. */
async function eventsOf(server: Server, client: Client, run: string): Promise<string[]> {
  const answer = await fetch(`${server.url}/api/runs/${run}/events`, { headers: { cookie: client.cookie } });
  return (await answer.text()).split("\n\n").filter((event) => event.startsWith("event:")).map((event) => `${event}\n\n`);
}

test("ten thousand events in ten seconds", async ({ app, client, server }) => {
  test.setTimeout(900_000);
  const run = await inject(client, await started(client, repeated(10_000, "0ms")));
  await expect.poll(() => client.get<{ status: string }>(`/api/runs/${run}?wait=60`).then(({ status }) => status), { timeout: 800_000 }).toBe("succeeded");
  const paced = await Paced.of(await eventsOf(server, client, run), 10_000);
  await app.route(`**/api/runs/${run}/events`, (route) => route.continue({ url: paced.url }));
  await app.goto(`/runs/${run}?tab=events`);
  await expect(app.getByText("Reading the journal")).toBeVisible();
  const frames = await framesWhile(app, async () => {
    paced.begin();
    await expect.poll(() => paced.took, { timeout: 60_000 }).toBeGreaterThan(0);
    // None is lost.
    await expect(app.getByText("10,001 of 10,001")).toBeVisible();
  });
  paced.close();
  measured(12, `${frames.rate.toFixed(0)} frames a second, the longest ${frames.longest.toFixed(0)} ms, while 10,000 events arrive in ${((paced.took ?? 0) / 1000).toFixed(1)} s`);
});

test("scrubbing through a thousand events", async ({ app, client }) => {
  test.setTimeout(300_000);
  const id = await started(client, repeated(1000, "0ms"));
  const run = await inject(client, id);
  await client.get(`/api/runs/${run}?wait=60`);
  await app.goto(`/runs/${run}?tab=machine`);
  const place = app.getByText(/^Event [\d,]+ of [\d,]+$/);
  await expect(place).toBeVisible();
  const total = (await place.textContent()) ?? "";
  const slider = app.getByRole("slider", { name: "Event" });
  await slider.focus();
  await place.evaluate((element) => {
    const [kept, times] = [globalThis as unknown as { times: number[] }, [] as number[]];
    kept.times = times;
    addEventListener("keydown", () => {
      const [before, now] = [element.textContent, performance.now()];
      const look = () => (element.textContent === before ? requestAnimationFrame(look) : times.push(performance.now() - now));
      requestAnimationFrame(look);
    }, true);
  });
  for (let step = 0; step < 60; step++) {
    const before = (await place.textContent()) ?? "";
    await slider.press("ArrowLeft");
    await expect(place).not.toHaveText(before);
  }
  const times = await app.evaluate(() => (globalThis as unknown as { times: number[] }).times);
  expect(times).toHaveLength(60);
  measured(18, `a step takes ${Math.round(median(times))} ms, ${Math.round(quantile(times, 0.95))} ms at p95 (${total})`);
});

test("the difference of two states of a megabyte", async ({ server }) => {
  expect(server.url).toContain("http");
  const state = (turn: number) => Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`key-${at}`, { name: `value number ${at} of many`, text: "x".repeat(40), n: at % 100 === 0 ? turn : at }]));
  const [a, b] = [state(1), state(2)];
  const size = JSON.stringify(a).length;
  const before = performance.now();
  const found = differences(a, b);
  const took = performance.now() - before;
  expect(JSON.stringify(found).length).toBeGreaterThan(100);
  measured(18, `the difference of two states of ${(size / 1e6).toFixed(1)} MB in ${Math.round(took)} ms`);
});
