import { expect, type Page } from "@playwright/test";

/** Waits until a page shows what it is about, and nothing on it is on its way. */
export async function settle(page: Page): Promise<void> {
  await expect(page.locator("h1, h2").first()).toBeVisible();
  await expect(page.locator("[role=status][aria-label=Loading], [data-loading]")).toHaveCount(0);
  await expect(page.getByText("Loading", { exact: true })).toHaveCount(0);
  await still(page);
}

/** Waits until nothing moves or changes its colour any more. */
export async function still(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await document.fonts.ready;
    await Promise.all(document.getAnimations().filter((one) => one.effect?.getComputedTiming().iterations === 1).map((one) => one.finished.catch(() => undefined)));
  });
}
