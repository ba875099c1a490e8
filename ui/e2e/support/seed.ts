import type { Client } from "./client";
import type { Server } from "./server";

/** A flow that fails now and then, by what it is given. */
const PICKY = `type: Sequence
id: picky
children:
  - type: Mock
    id: weigh
    props: {delay: 20}
  - type: Mock
    id: judge
    props:
      returnStatus: "{{ input.good ? 'SUCCESS' : 'FAILURE' }}"
`;

/** Runs of every demo flow, some that fail, and a few flows in every state, so that pages have something to show. */
export async function seed(server: Server, client: Client): Promise<void> {
  for (let round = 0; round < 2; round++) await fireEach(server, client, { name: "Ada" });
  const picky = await client.post<{ id: string }>("/api/flows", { name: "picky", title: "Picky", files: [{ name: "flow.yaml", text: PICKY }] });
  await client.post(`/api/flows/${picky.id}/start`);
  await client.post(`/api/flows/${picky.id}/triggers`, { name: "nightly", spec: { type: "schedule", schedule: { cron: { expression: "0 3 * * *" } } } });
  await client.post(`/api/flows/${picky.id}/triggers`, { name: "often", spec: { type: "schedule", schedule: { every: { interval: "4h", from: "2026-01-01T00:30:00Z" } } } });
  const gone = await client.post<{ id: string }>("/api/flows", { name: "old-intake", title: "Old intake", files: [{ name: "flow.yaml", text: PICKY.replace("id: picky", "id: old-intake") }] });
  await client.send("DELETE", `/api/flows/${gone.id}`, undefined, { "if-match": '"1"' });
  await client.send("PUT", "/api/projects/demo/secrets/PAYMENT_KEY", { value: "not shown", description: "Of the test account" });
  await client.send("PUT", "/api/projects/demo/variables/rate", { value: 0.19 });
  await client.post("/api/keys", { name: "Nightly import", scopes: ["flows.read"] });
  for (const good of [true, false, true, false]) await client.post(`/api/triggers/${picky.id}/inject`, { input: { good } });
  await client.post("/api/flows", {
    name: "long-name",
    title: `A flow whose name somebody wrote without stopping ${"and on ".repeat(20)}`.slice(0, 190),
    files: [{ name: "flow.yaml", text: PICKY.replace("id: picky", "id: long-name") }],
  });
  await client.post("/api/flows", { name: "rtl", title: "استلام الطلبات", files: [{ name: "flow.yaml", text: PICKY.replace("id: picky", "id: rtl") }] });
}

/** The demo as it was in the beginning, whatever another test has switched off. */
async function switchOn(server: Server, client: Client): Promise<void> {
  const { items } = await client.get<{ items: { id: string; name: string }[] }>("/api/flows?limit=200");
  for (const { id, name } of items) if (server.webhooks.has(name)) await client.post(`/api/flows/${id}/start`);
}

/** Starts a run of every demo flow that a webhook starts; says how many there are. */
export async function fireEach(server: Server, client: Client, body: unknown): Promise<number> {
  await switchOn(server, client);
  for (const address of server.webhooks.values()) await fire(address, body);
  return server.webhooks.size;
}

async function fire(address: string, body: unknown): Promise<void> {
  const answer = await fetch(address, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${address}: ${answer.status} ${await answer.text()}`);
}
