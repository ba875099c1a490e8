import type { Page } from "@playwright/test";
import { findingsInBothThemes } from "./support/axe";
import { canvas, flow, open, row, saved, step } from "./support/builder";
import type { Client } from "./support/client";
import { settle } from "./support/settle";
import { expect, test } from "./support/test";

const print = (message: string) => ({ activityName: "print", config: { message } });
const THREE = row({ start: { type: "trigger" }, hello: print("hello"), bye: print("bye"), stop: { type: "end" } });
const FAILS = "type: Sequence\nid: fails\nchildren:\n  - {type: Mock, id: hello, props: {output: {n: 1}, outputKey: last}}\n  - {type: Mock, id: judge, props: {returnStatus: FAILURE}}\n";

/** Something that lies over a page, and how somebody comes to it. */
type Way = (page: Page) => Promise<void>;

const press = (keys: string): Way => (page) => page.keyboard.press(keys);
const button = (name: string | RegExp): Way => (page) => page.getByRole("button", { name, exact: typeof name === "string" }).first().click();
const more = (entry: string, menu: string | RegExp = "More"): Way => async (page) => {
  await button(menu)(page);
  await page.getByRole("menuitem", { name: entry }).click();
};
const chosen = (then: Way): Way => async (page) => {
  await step(page, "hello").click();
  await then(page);
};
const both = (then: Way): Way => async (page) => {
  await step(page, "hello").click();
  await step(page, "bye").click({ modifiers: ["Shift"] });
  await expect(page.getByRole("toolbar", { name: "Selected steps" })).toBeVisible();
  await then(page);
};

const OVER_A_FLOW: Record<string, Way> = {
  "what can be added": press("a"),
  "where a step is connected to": chosen(press("c")),
  "a name": chosen(press("F2")),
  "a step": chosen(press("Enter")),
  "a step in three columns": chosen(async (page) => {
    await page.keyboard.press("Enter");
    await button("Show input, settings and output side by side")(page);
    await expect(page.getByRole("region", { name: "Output" })).toBeVisible();
  }),
  "what is done with several steps": both(async () => {}),
  "a sub-flow": both(press("Alt+x")),
  "no sub-flow": async (page) => {
    await step(page, "start").click();
    await page.keyboard.press("Alt+x");
    await expect(page.getByRole("dialog")).toBeVisible();
  },
  "a version to publish": button("Publish"),
  "its history": more("History"),
  "every save": async (page) => {
    await more("History")(page);
    await page.getByRole("radio", { name: "Every save" }).click();
    await button("Compare with the draft")(page);
    await expect(page.locator(".monaco-diff-editor .view-line").first()).toBeVisible();
  },
  "another dialect": more("Convert to another dialect"),
  "an input": button("Input"),
  "what else there is": button("More"),
  "what can be done with a step": chosen(press("Shift+F10")),
  "what can be done with several steps": both(press("Shift+F10")),
  "what can be done on the canvas": press("Shift+F10"),
  "its problems": button(/problem|hint/),
  "its outline": async (page) => page.getByRole("radio", { name: "Outline" }).click(),
  "its text": async (page) => {
    await page.getByRole("radio", { name: "Split" }).click();
    await expect(page.locator(".monaco-editor .view-line").first()).toBeVisible();
  },
  "a note": async (page) => {
    await page.keyboard.press("Shift+S");
    await expect(page.getByLabel("Text of the note")).toBeVisible();
  },
  "the keys of the page": press("?"),
  "the palette": press("Control+k"),
};

async function failed(client: Client): Promise<string> {
  const { id } = await flow(client, FAILS);
  await client.post(`/api/flows/${id}/start`);
  const { run } = await client.post<{ run: string }>(`/api/triggers/${id}/inject`, { input: {} });
  await client.get(`/api/runs/${run}?wait=30`);
  return run;
}

async function waiting(client: Client): Promise<string> {
  const { id } = await flow(client, row({ start: { type: "trigger" }, gate: { type: "signal", config: { signalName: "go" } }, stop: { type: "end" } }), "flow.json");
  await client.post(`/api/flows/${id}/start`);
  return (await client.post<{ run: string }>(`/api/triggers/${id}/inject`, { input: {} })).run;
}

/** Pages and what lies over them: where, and by which way. */
const ELSEWHERE: Record<string, [where: (client: Client) => Promise<string> | string, way: Way]> = {
  "a fork": [async (client) => `/runs/${await failed(client)}?tab=machine`, async (page) => {
      await page.getByRole("slider", { name: "Event" }).press("ArrowLeft");
      await button("Fork from here")(page);
    }],
  "a run to compare with": [async (client) => `/runs/${await failed(client)}`, more("Compare with another run", "More for this run")],
  "a cancelled run": [async (client) => `/runs/${await waiting(client)}`, button("Cancel")],
  "several runs": [
    async (client) => (await failed(client), "/runs?status=failed"),
    async (page) => {
      await page.getByRole("checkbox", { name: "Choose all that are shown" }).click();
      await button(/^Retry failed steps/)(page);
    },
  ],
  "a flow to delete": [() => "/flows?text=quote", more("Delete", /^More for/)],
  "a new key": [() => "/settings/keys", button("New key")],
  "a new secret": [() => "/settings/secrets?project=demo", button("New secret")],
  "a new variable": [() => "/settings/variables?project=demo", button("New variable")],
  "a new interface": [() => "/settings/interfaces?project=demo", button("New interface")],
  "a new project": [() => "/settings/projects", button("New project")],
  "an invitation": [() => "/settings/members", button("Invite")],
  "an entry of the audit log": [() => "/settings/audit", async (page) => page.getByRole("table").getByRole("button").first().click()],
};

for (const [what, way] of Object.entries(OVER_A_FLOW)) {
  test(`over a flow, ${what} can be used by everybody, in both themes`, async ({ app, client }) => {
    await open(app, (await flow(client, THREE, "flow.json")).id);
    await canvas(app).focus();
    await way(app);
    await settle(app);
    expect(await findingsInBothThemes(app)).toEqual([]);
  });
}

for (const [what, [where, way]] of Object.entries(ELSEWHERE)) {
  test(`over another page, ${what} can be used by everybody, in both themes`, async ({ app, client }) => {
    await app.goto(await where(client));
    await settle(app);
    await way(app);
    await settle(app);
    await expect(app.getByRole("dialog").or(app.getByRole("alertdialog")).first()).toBeVisible();
    expect(await findingsInBothThemes(app)).toEqual([]);
  });
}

test.describe("two who save the same", () => {
  test.use({ allowed: "status of 409" });

  test("are shown both texts, in both themes", async ({ app, client }) => {
    const { id, revision } = await flow(client, THREE, "flow.json");
    await open(app, id);
    await client.send("PUT", `/api/flows/${id}`, { files: [{ name: "flow.json", text: THREE.replace("hello", "hallo") }] }, { "if-match": `"${revision}"` });
    await step(app, "bye").click();
    await app.keyboard.press("Delete");
    const dialog = app.getByRole("dialog", { name: "This flow was changed elsewhere" });
    await expect(dialog.locator(".monaco-diff-editor .view-line").first()).toBeVisible();
    await settle(app);
    expect(await findingsInBothThemes(app)).toEqual([]);
    await dialog.getByRole("button", { name: "Take the other one" }).click();
    await saved(app);
  });
});
