import type { Page } from "@playwright/test";
import type { Client } from "./client";
import { expect } from "./test";

export interface Flow {
  id: string;
  revision: number;
  files: { name: string; text: string }[];
}

let made = 0;

/** A flow of its own for each test. */
export async function flow(client: Client, text: string, name = "flow.yaml"): Promise<Flow> {
  made += 1;
  return await client.post<Flow>("/api/flows", { name: `builder-${made}-${Date.now().toString(36)}`, title: `Builder ${made}`, files: [{ name, text }] });
}

export const textOf = async (client: Client, id: string): Promise<string> => (await client.get<Flow>(`/api/flows/${id}`)).files[0]?.text ?? "";

export const step = (page: Page, name: string | RegExp) => page.locator(".react-flow__node-step").filter({ hasText: name });

export const canvas = (page: Page) => page.getByRole("application", { name: /^Canvas/ });

/** Waits until keys are the canvas' again: what lay over it, and was chosen from, is gone. */
export async function atCanvas(page: Page): Promise<void> {
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(canvas(page)).toBeFocused();
}

export async function open(page: Page, id: string): Promise<void> {
  await page.goto(`/flows/${id}`);
  await expect(canvas(page)).toBeVisible();
  // What can be added is known.
  await expect(page.locator("[data-loading]")).toHaveCount(0);
  await stands(page);
}

/** Waits until all steps are measured, and the drawing is no longer moved so that they fit. */
async function stands(page: Page): Promise<void> {
  await expect(page.locator('.react-flow__node[style*="visibility: hidden"]')).toHaveCount(0);
  await page.evaluate(async () => {
    const place = () => document.querySelector(".react-flow__viewport")?.getAttribute("style");
    for (let same = 0, before = place(); same < 5; ) {
      await new Promise(requestAnimationFrame);
      const now = place();
      same = now === before ? same + 1 : 0;
      before = now;
    }
  });
}

export const saved = (page: Page) => expect(page.getByRole("status").filter({ hasText: /^Saved/ })).toBeVisible();

/** A graph whose steps stand in a row, each joined to the next. */
export function row(steps: Record<string, { type?: string; activityName?: string; config?: object }>): string {
  const ids = Object.keys(steps);
  const nodes = ids.map((id, at) => {
    const { type = "activity", ...data } = steps[id] ?? {};
    return { id, type, position: { x: at * 240, y: 0 }, data };
  });
  const edges = ids.slice(1).map((target, at) => ({ id: `e${at}`, source: ids[at], target }));
  return `${JSON.stringify({ name: "row", nodes, edges }, null, 2)}\n`;
}
