import { expect, type Page } from "@playwright/test";

const CONTROLS = "a[href], button, [role=switch], [role=checkbox], [role=tab], [role=radio], [role=combobox], summary, input[type=radio]";

/** Not to be clicked by a machine: they end the session that it has. */
const NEVER = /^(Sign out)$/;

interface Control {
  name: string;
  at: number;
}

/**
 * Clicks every enabled control of a page, each on the page as it was, and holds it to this: the address changes, or
 * the page does, or a message appears, or a file comes. Of many alike, as in rows of a table, the first is taken.
 */
export async function crawl(page: Page, open: () => Promise<void>): Promise<void> {
  await open();
  const seen = new Set<string>();
  for (const control of await controls(page)) {
    if (seen.has(kindOf(control.name)) || NEVER.test(control.name)) continue;
    seen.add(kindOf(control.name));
    await again(page, open);
    const now = (await controls(page)).find((one) => one.name === control.name);
    if (now) await clickOne(page, now);
  }
}

/** The page as a newcomer has it: an earlier click may have narrowed the sidebar, or chosen a project. */
async function again(page: Page, open: () => Promise<void>): Promise<void> {
  await page.evaluate(() => localStorage.clear());
  await open();
}

async function controls(page: Page): Promise<Control[]> {
  return page.locator(CONTROLS).evaluateAll((all) =>
    all.flatMap((element, at) => {
      const usable = element instanceof HTMLElement && element.checkVisibility() && !element.matches(":disabled, [aria-disabled=true]");
      const outside = element instanceof HTMLAnchorElement && (element.target === "_blank" || element.origin !== location.origin);
      // What stands behind an open dialog cannot be reached.
      const hidden = element.closest("[aria-hidden=true], [inert]") !== null || getComputedStyle(element).pointerEvents === "none";
      const name = element.getAttribute("aria-label") ?? element.textContent?.trim() ?? "";
      return usable && !outside && !hidden ? [{ name, at }] : [];
    }),
  );
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

async function clickOne(page: Page, { name, at }: Control): Promise<void> {
  const control = page.locator(CONTROLS).nth(at);
  const before = await face(page);
  // What is chosen already has nothing to change.
  if (await control.evaluate((element) => element.matches("[aria-checked=true][role=radio], [aria-current=page], [aria-selected=true], :checked[type=radio]"))) return;
  let came = false;
  const arrives = () => (came = true);
  page.on("download", arrives);
  page.on("filechooser", arrives);
  if (await control.evaluate((element) => getComputedStyle(element).clipPath !== "none")) {
    // Shown only to whoever comes by the keyboard.
    await control.focus();
    await page.keyboard.press("Enter");
  } else {
    await control.click({ force: (await control.getAttribute("type")) === "radio" });
  }
  await expect.poll(async () => came || (await face(page).catch(() => "")) !== before, { message: `clicking “${name}” does nothing` }).toBe(true);
  page.off("download", arrives);
  page.off("filechooser", arrives);
}
