import type { Page } from "@playwright/test";

export interface Frames {
  /** Frames drawn in a second. */
  rate: number;
  /** The longest time between two of them, in milliseconds. */
  longest: number;
}

/** Counts frames while something is done to a page. */
export async function framesWhile(page: Page, act: () => Promise<void>): Promise<Frames> {
  await page.evaluate(() => {
    const times: number[] = [];
    const tick = (now: number) => {
      times.push(now);
      (globalThis as unknown as { frames: number[] }).frames = times;
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  });
  await act();
  const times = await page.evaluate(() => (globalThis as unknown as { frames: number[] }).frames.slice());
  const gaps = times.slice(1).map((time, at) => time - (times[at] ?? 0));
  const whole = (times.at(-1) ?? 0) - (times[0] ?? 0);
  return { rate: (gaps.length * 1000) / whole, longest: Math.max(...gaps) };
}

/** Pans by dragging the empty canvas to and fro, as fast as the page takes it. */
export async function pan(page: Page, from: { x: number; y: number }, moves: number): Promise<void> {
  await page.mouse.move(from.x, from.y);
  await page.mouse.down({ button: "middle" });
  for (let at = 0; at < moves; at++) await page.mouse.move(from.x + 120 * Math.sin(at / 8), from.y + 60 * Math.cos(at / 8));
  await page.mouse.up({ button: "middle" });
}

/** Milliseconds from asking for an address until something is on the page, with nothing in the browser's cache. */
export async function timeTo(page: Page, path: string, selector: string, count: number): Promise<number> {
  await page.addInitScript(([wanted, many]) => {
    const look = () => {
      if (document.querySelectorAll(String(wanted)).length >= Number(many)) (globalThis as unknown as { shown: number }).shown = performance.now();
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }, [selector, count] as const);
  await page.goto(path);
  await page.waitForFunction(() => (globalThis as unknown as { shown?: number }).shown !== undefined);
  return page.evaluate(() => (globalThis as unknown as { shown: number }).shown);
}
