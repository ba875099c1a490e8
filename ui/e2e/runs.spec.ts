import { readFile } from "node:fs/promises";
import type { Page } from "@playwright/test";
import { findingsInBothThemes } from "./support/axe";
import type { Client } from "./support/client";
import { settle } from "./support/settle";
import { expect, test } from "./support/test";

/** Fails where its input is not good; takes its time, so that somebody can watch. */
const steps = (id: string, judge: string, wait = 200) => `type: Sequence
id: ${id}
children:
  - {type: LogMessage, id: hello, props: {message: "Hello {{ input.name }}"}}
  - type: Mock
    id: flaky
    props: {failTimes: 1, delay: 50ms, output: {n: 1}, outputKey: flaky, retry: {maxAttempts: 3, initialInterval: 100ms}}
  - {type: WaitAction, id: nap, props: {waitMs: ${wait}}}
  - type: Mock
    id: judge
    props: {returnStatus: "${judge}", errorCode: TOO_HEAVY, errorMessage: "the carrier takes no such parcel", output: {x: 2}, outputKey: verdict}
  - {type: PrintAction, id: bye, props: {message: "Bye {{ input.name }}"}}
`;
/** The same, as a graph that goes on past its middle only when it is told to. */
const gated = (name: string, judge: string): string => {
  const data = {
    hello: { activityName: "log", config: { message: "Hello {{ input.name }}" } },
    flaky: { activityName: "mock", config: { failTimes: 1, delay: "50ms" }, retryPolicy: { strategy: "exponential-backoff", maxAttempts: 3, initialInterval: "100ms" } },
    gate: { config: { signalName: "go" } },
    judge: { activityName: "mock", config: { returnStatus: judge, errorCode: "TOO_HEAVY", errorMessage: "the carrier takes no such parcel" } },
    bye: { activityName: "print", config: { message: "Bye {{ input.name }}" } },
  };
  const ids = ["start", ...Object.keys(data)];
  const typeOf = (id: string) => (id === "start" ? "trigger" : id === "gate" ? "signal" : "activity");
  const nodes = ids.map((id, at) => ({ id, type: typeOf(id), position: { x: at * 240, y: 0 }, data: id in data ? data[id as keyof typeof data] : {} }));
  const edges = ids.slice(1).map((target, at) => ({ id: `e${at}`, source: ids[at], target }));
  return JSON.stringify({ name, nodes, edges }, null, 2);
};
const goOn = (client: Client, run: string) => client.post(`/api/runs/${run}/signal`, { name: "go" });
const STRICT = "{{ input.good ? 'SUCCESS' : 'FAILURE' }}";

async function flow(client: Client, name: string, text: string, file = "flow.yaml"): Promise<string> {
  const { id } = await client.post<{ id: string }>("/api/flows", { name, title: name, files: [{ name: file, text }] });
  await client.post(`/api/flows/${id}/start`);
  return id;
}

const inject = async (client: Client, id: string, input: unknown) => (await client.post<{ run: string }>(`/api/triggers/${id}/inject`, { input })).run;

async function ended(client: Client, run: string): Promise<string> {
  const { status } = await client.get<{ status: string }>(`/api/runs/${run}?wait=30`);
  return status;
}

async function failed(client: Client, name: string): Promise<{ flow: string; run: string }> {
  const id = await flow(client, name, steps(name, STRICT));
  const run = await inject(client, id, { name: "Ada", good: false });
  expect(await ended(client, run)).toBe("failed");
  return { flow: id, run };
}

const state = (app: Page) => app.getByRole("status", { name: "State of the run" });

test("a run is watched as it goes on, and its cause is two clicks away", async ({ app, client }) => {
  const id = await flow(client, "watched", gated("watched", STRICT), "flow.json");
  const run = await inject(client, id, { name: "Ada", good: false });
  await app.goto(`/runs/${run}`);
  await expect(state(app)).toHaveText(/Waiting|Running/);
  await expect(app.getByRole("treeitem", { name: /Succeeded: flaky/ })).toBeVisible();
  await goOn(client, run);
  await expect(state(app)).toHaveText("Failed");
  await expect(app.getByRole("region", { name: "Why it failed" })).toContainText("TOO_HEAVY");
  // From the list, the error leads to the step.
  await app.goto("/runs?status=failed");
  await app.getByRole("link", { name: /TOO_HEAVY/ }).first().click();
  const step = app.getByRole("region", { name: "Step judge" });
  await expect(step.getByRole("alert")).toContainText("the carrier takes no such parcel");
  await expect(step.getByRole("region", { name: "Input" })).toContainText("good");
  await expect(step.getByRole("region", { name: "Config" })).toContainText("FAILURE");
  await app.getByRole("tab", { name: /^Logs/ }).click();
  await expect(app.getByRole("log")).toContainText("Hello Ada");
  await app.getByRole("tab", { name: /^Events/ }).click();
  await expect(app.getByRole("listitem").filter({ hasText: "A step failed" })).toHaveCount(1);
  await app.getByRole("tab", { name: "Timeline" }).click();
  await expect(app.getByRole("option", { name: /flaky\s*: Succeeded.*1 failed attempts/ })).toBeVisible();
  await app.getByRole("listbox", { name: "Time line" }).press("End");
  await app.getByRole("listbox", { name: "Time line" }).press("Enter");
  await expect(step).toBeVisible();
  await app.getByRole("tab", { name: "Graph" }).click();
  const drawn = (name: string) => app.getByRole("region", { name: "The run as a graph" }).getByText(name, { exact: true }).first();
  await expect(drawn("judge")).toBeVisible();
  // Neither an edge nor a step that did not run stands in the way of the next click.
  await app.locator(".react-flow__edge").first().dispatchEvent("click");
  await drawn("hello").click();
  await expect(app).toHaveURL(/step=[^&]*hello/);
  await drawn("bye").click();
  await drawn("flaky").click();
  await expect(app).toHaveURL(/step=[^&]*flaky/);
});

test("somebody approves and signals in place", async ({ app, client }) => {
  const text = await readFile(new URL("../../examples/contract-approval/flow.json", import.meta.url), "utf8");
  const id = await flow(client, "approval", text, "flow.json");
  const run = await inject(client, id, { contract: "C-1", customer: "Ada", amount: 10 });
  await app.goto(`/runs/${run}`);
  await app.getByRole("textbox", { name: /^Payload of draft/ }).fill("{no");
  await app.getByRole("button", { name: "Send signal" }).click();
  await expect(app.getByText(/This is not JSON/)).toBeVisible();
  await app.getByRole("textbox", { name: /^Payload of draft/ }).fill('{"pages": 3}');
  await app.getByRole("button", { name: "Send signal" }).click();
  await expect(app.getByText("Manager waits for somebody's approval")).toBeVisible();
  await app.getByRole("textbox", { name: "Comment" }).fill("Fine");
  await app.getByRole("button", { name: "Approve" }).click();
  await expect(app.getByText("Manager waits for somebody's approval")).toHaveCount(0);
  await expect(app.getByText("Legal waits for somebody's approval")).toBeVisible();
  await app.getByRole("button", { name: "Pause" }).click();
  await expect(state(app)).toHaveText("Paused");
  await app.getByRole("button", { name: "Resume" }).click();
  await expect(state(app)).not.toHaveText("Paused");
  await app.getByRole("button", { name: "Cancel", exact: true }).click();
  await app.getByRole("button", { name: "Cancel the run" }).click();
  await expect(state(app)).toHaveText("Cancelled");
});

test("the time machine scrubs, replays, forks and compares", async ({ app, client }) => {
  const { run } = await failed(client, "machine");
  const before = (await client.get<{ items: unknown[] }>("/api/runs?limit=200")).items.length;
  await app.goto(`/runs/${run}?tab=machine`);
  const slider = app.getByRole("slider", { name: "Event" });
  const place = app.getByText(/^Event \d+ of \d+$/);
  await expect(place).toHaveText("Event 5 of 5");
  await slider.press("ArrowLeft");
  await slider.press("ArrowLeft");
  await expect(place).toHaveText("Event 3 of 5");
  await expect(app.getByRole("list", { name: "Differences" })).toContainText("variables.flaky");
  await app.getByRole("button", { name: "Replay" }).click();
  await expect(place).toHaveText("Event 5 of 5");
  expect((await client.get<{ items: unknown[] }>("/api/runs?limit=200")).items.length, "a replay starts nothing").toBe(before);
  await slider.press("ArrowLeft");
  await expect(place).toHaveText("Event 4 of 5");
  await app.getByRole("button", { name: "Fork from here" }).click();
  const dialog = app.getByRole("dialog");
  await expect(dialog.getByRole("region", { name: "Before it starts" })).toContainText("machine/judge");
  await dialog.getByRole("radio", { name: "A decision" }).click();
  await dialog.getByRole("combobox").click();
  await app.getByRole("option", { name: /judge/ }).click();
  await expect(dialog.getByRole("region", { name: "Before it starts" })).toContainText("machine/bye");
  await dialog.getByRole("button", { name: "Start the fork" }).click();
  await expect(app).not.toHaveURL(new RegExp(run));
  await expect(state(app)).toHaveText("Succeeded");
  await expect(app.getByText(/after event 4/)).toBeVisible();
  await app.getByRole("tab", { name: "Graph" }).click();
  await expect(app.getByRole("region", { name: "The run as a graph" }).getByText("judge", { exact: true }).first()).toBeVisible();
  await app.getByRole("tab", { name: "Steps" }).click();
  await app.getByRole("treeitem", { name: /bye/ }).click();
  await expect(app.getByRole("region", { name: "Config" })).toContainText("Bye Ada");
  await app.getByRole("tab", { name: "Time machine" }).click();
  const branches = app.getByRole("list", { name: "Branches of this run" });
  await expect(branches.getByRole("listitem")).toHaveCount(2);
  await branches.getByRole("link", { name: /^Compare/ }).click();
  await expect(app.getByRole("heading", { name: "Two runs side by side" })).toBeVisible();
  await expect(app.getByRole("list", { name: "Differences" })).toContainText("status");
});

test("a failed run goes on under a mended flow, and others that part ways are named", async ({ app, client }) => {
  const { flow: id, run } = await failed(client, "mended");
  const other = await inject(client, id, { name: "Bob", good: false });
  expect(await ended(client, other)).toBe("failed");
  await app.goto(`/runs/${run}`);
  await app.getByRole("link", { name: "Fix forward" }).click();
  await expect(app.getByRole("heading", { name: "Fix forward: mended" })).toBeVisible();
  await replaceText(app, steps("mended", "SUCCESS").replace("type: Mock", "type: Mokc"));
  await app.getByRole("button", { name: "Save and check runs" }).click();
  await expect(app.getByRole("list", { name: "Problems" })).toContainText("UNKNOWN_NODE_TYPE");
  await replaceText(app, steps("mended", "SUCCESS"));
  await app.getByRole("button", { name: "Save and check runs" }).click();
  const runs = app.getByRole("list", { name: "Failed runs" });
  await expect(runs.getByText("Can go on")).toHaveCount(2);
  await app.getByRole("checkbox", { name: /can go on/ }).click();
  await app.getByRole("button", { name: "Resume 2 runs" }).click();
  await app.getByRole("dialog").getByRole("button", { name: "Resume" }).click();
  await expect(app.getByText("2 of 2 runs go on under the mended flow")).toBeVisible();
  expect(await ended(client, run)).toBe("succeeded");
  await app.goto(`/runs/${run}?tab=events`);
  await expect(app.getByRole("listitem").filter({ hasText: "Goes on under another text" })).toHaveCount(1);
});

/** Puts another text in the editor, as somebody who selects all and pastes does. */
async function replaceText(app: Page, text: string): Promise<void> {
  const editor = app.getByRole("textbox", { name: /^Text of/ });
  await editor.focus();
  await app.keyboard.press("ControlOrMeta+A");
  await editor.evaluate((element, pasted) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", pasted);
    element.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
  }, text);
}

test("a run is kept as a test, and runs are cancelled together", async ({ app, client }) => {
  const { run } = await failed(client, "kept");
  await app.goto(`/runs/${run}`);
  await app.getByRole("button", { name: "More for this run" }).click();
  const [file] = await Promise.all([app.waitForEvent("download"), app.getByRole("menuitem", { name: "Save as test" }).click()]);
  expect(file.suggestedFilename()).toBe("kept-test.zip");
  expect((await readFile(await file.path())).includes("journal.jsonl")).toBe(true);
  const id = await flow(client, "long", steps("long", "SUCCESS", 600_000));
  const runs = [await inject(client, id, { name: "A" }), await inject(client, id, { name: "B" })];
  await app.goto(`/runs?flow=${id}`);
  await app.getByRole("checkbox", { name: "Choose all that are shown" }).click();
  await app.getByRole("button", { name: "Cancel (2)" }).click();
  await app.getByRole("dialog").getByRole("button", { name: "Cancel", exact: true }).last().click();
  await expect(app.getByText("2 of 2 runs cancelled")).toBeVisible();
  for (const one of runs) expect(await ended(client, one)).toBe("cancelled");
});

test("the list is filtered in the address, and shows what begins while it is looked at", async ({ app, client }) => {
  const { flow: id, run } = await failed(client, "listed");
  await app.goto("/runs");
  await app.getByRole("combobox", { name: "State" }).click();
  await app.getByRole("option", { name: "Failed or timed out" }).click();
  await expect(app).toHaveURL(/status=failed/);
  await app.getByLabel("Search runs").fill(run);
  const rows = app.getByRole("table", { name: "Runs" }).getByRole("row");
  await expect(rows).toHaveCount(2);
  await app.reload();
  await expect(rows).toHaveCount(2);
  await app.getByLabel("Search runs").fill("nothing is called so");
  await app.getByRole("button", { name: "Show all runs" }).click();
  await expect(app).not.toHaveURL(/status/);
  await app.goto(`/runs?flow=${id}`);
  await expect(rows).toHaveCount(2);
  await inject(client, id, { name: "Ada", good: true });
  await expect(rows).toHaveCount(3);
  // Also where there is little room.
  await app.setViewportSize({ width: 1000, height: 900 });
  await app.goto("/runs");
  const began = await app.getByRole("columnheader", { name: "Began" }).boundingBox();
  expect((began?.x ?? 1000) + (began?.width ?? 0)).toBeLessThan(1000);
});

test.describe("a server that is cut off during a run", () => {
  // A line that is cut has as many names as there are moments to cut it at.
  test.use({ allowed: "status of 503|net::ERR_|network error|Failed to fetch" });

  test("comes back, and the run goes on with nothing twice and nothing missing", async ({ app, client, server }) => {
    const id = await flow(client, "cut-off", gated("cut-off", "SUCCESS"), "flow.json");
    const run = await inject(client, id, { name: "Ada" });
    await app.goto(`/runs/${run}?tab=events`);
    await expect(app.getByRole("listitem").filter({ hasText: "flaky" })).toHaveCount(1);
    await server.kill();
    await expect(app.getByText("The server cannot be heard", { exact: false })).toBeVisible();
    await server.start();
    await goOn(client, run);
    await expect(state(app)).toHaveText("Succeeded");
    await expect(app.getByText("The server cannot be heard", { exact: false })).toHaveCount(0);
    const { items } = await client.get<{ items: { seq: number }[] }>(`/api/runs/${run}/journal`);
    await expect(app.getByRole("region", { name: "Events" }).getByRole("listitem")).toHaveCount(items.length);
    await app.getByRole("tab", { name: /^Logs/ }).click();
    await expect(app.getByRole("log").getByText("Hello Ada")).toHaveCount(1);
  });
});

test("every view of a run can be used by everybody, in both themes", async ({ app, client }) => {
  test.setTimeout(300_000);
  const { run } = await failed(client, "seen");
  for (const tab of ["steps", "graph", "timeline", "events", "logs", "state", "machine"]) {
    await app.goto(`/runs/${run}?tab=${tab}`);
    await settle(app);
    expect.soft(await findingsInBothThemes(app), tab).toEqual([]);
  }
});
