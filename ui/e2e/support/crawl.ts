import { expect, type Page } from "@playwright/test";
import type { Place } from "./places";
import { settle } from "./settle";
import { test } from "./test";

const CONTROLS = "a[href], button, [role=switch], [role=checkbox], [role=tab], [role=radio], [role=combobox], summary, input[type=radio]";

/** Not to be clicked by a machine: they end the session that it has. */
const NEVER = /^(Sign out)$/;

interface Control {
  name: string;
  at: number;
  /** Controls of one kind do the same for different things, as in rows of a table: the first is taken. */
  kind: string;
}

/** What stands around every page is tried on the first one only. */
const around = new Set<string>();

/** A test for each place: every control that can be used there does something. */
export function crawls(places: readonly Place[]): void {
  for (const place of places) {
    test(`every control of ${place.name} does something`, async ({ page, app, client }) => {
      test.setTimeout(600_000);
      const shown = place.open ? page : app;
      if (place.open) await page.context().clearCookies();
      const path = await place.path(client);
      await crawl(shown, async () => {
        await shown.goto(path);
        await settle(shown);
      });
    });
  }
}

/**
 * Clicks every enabled control of a page, each on the page as it was, and holds it to this: the address changes, or
 * the page does, or a message appears, or a file comes.
 */
async function crawl(page: Page, open: () => Promise<void>): Promise<void> {
  await open();
  const seen = new Set(around);
  for (const { name, kind } of await controls(page)) {
    if (seen.has(kind) || NEVER.test(name)) continue;
    seen.add(kind);
    await again(page, open);
    const now = (await controls(page)).find((one) => one.name === name);
    if (now && (await clickOne(page, now)) && kind.startsWith("around: ")) around.add(kind);
  }
}

/** The page as a newcomer has it: an earlier click may have narrowed the sidebar, or chosen a project. */
async function again(page: Page, open: () => Promise<void>): Promise<void> {
  await page.evaluate(() => localStorage.clear());
  await open();
}

async function controls(page: Page): Promise<Control[]> {
  const found = await page.locator(CONTROLS).evaluateAll((all) =>
    all.flatMap((element, at) => {
      const usable = element instanceof HTMLElement && element.checkVisibility() && !element.matches(":disabled, [aria-disabled=true]");
      const outside = element instanceof HTMLAnchorElement && (element.target === "_blank" || element.origin !== location.origin);
      // What stands behind an open dialog cannot be reached.
      const hidden = element.closest("[aria-hidden=true], [inert]") !== null || getComputedStyle(element).pointerEvents === "none";
      if (!usable || outside || hidden) return [];
      const name = element.getAttribute("aria-label") ?? element.textContent?.trim() ?? "";
      const where = element.draggable && element.matches("button") ? "palette" : element.closest("main, [role=dialog]") ? "page" : "around";
      return [{ name, at, where }];
    }),
  );
  return found.map(({ name, at, where }) => ({ name, at, kind: where === "palette" ? "a step of the palette" : `${where}: ${kindOf(name)}` }));
}

/** `More for Order intake` and `More for Quote` are one. */
function kindOf(name: string): string {
  return name.replace(/^(More for|Use|About|Account:) .*/, "$1").replace(/^.*: switch (on|off)$/, "switch");
}

/** The state in which a page is, as somebody sees it. */
async function face(page: Page): Promise<string> {
  return page.evaluate(() => {
    // A browser's own words about a field are not in the document, but that the field has them is.
    const told = document.querySelectorAll(":user-invalid").length;
    return `${location.href}\n${document.documentElement.className}\n${told}\n${document.body.outerHTML}`;
  });
}

/** Whether there was anything to click it for. */
async function clickOne(page: Page, { name, at }: Control): Promise<boolean> {
  const control = page.locator(CONTROLS).nth(at);
  // What is chosen already has nothing to change.
  if (await control.evaluate((element) => element.matches("[aria-checked=true][role=radio], [aria-current=page], [aria-selected=true], :checked[type=radio]"))) return false;
  const before = await face(page);
  let came = false;
  const arrives = () => (came = true);
  page.on("download", arrives);
  page.on("filechooser", arrives);
  await press(page, control);
  await expect.poll(async () => came || (await face(page).catch(() => "")) !== before, { message: `clicking “${name}” does nothing` }).toBe(true);
  page.off("download", arrives);
  page.off("filechooser", arrives);
  return true;
}

async function press(page: Page, control: ReturnType<Page["locator"]>): Promise<void> {
  if (await control.evaluate((element) => getComputedStyle(element).clipPath === "none")) {
    return control.click({ force: (await control.getAttribute("type")) === "radio" });
  }
  // Shown only to whoever comes by the keyboard.
  await control.focus();
  await page.keyboard.press("Enter");
}
