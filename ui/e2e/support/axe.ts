import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "@playwright/test";
import { still } from "./settle";

const script = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
let source: string | undefined;

/** What of a page is another in another theme. */
const OF_COLOURS = ["color-contrast", "link-in-text-block"];

interface Finding {
  id: string;
  impact: string | null;
  help: string;
  nodes: { target: string[]; failureSummary?: string }[];
}

/** What axe calls serious or critical on the page as it is; of all it looks for, or of some rules. */
export async function seriousFindings(page: Page, rules?: string[]): Promise<string[]> {
  // The page's policy allows no script of others, so it is not added to the page but run beside it.
  source ??= readFileSync(script, "utf8");
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(source);
  const violations = await page.evaluate(async (only) => {
    const { axe } = globalThis as unknown as { axe: { run: (options: object) => Promise<{ violations: Finding[] }> } };
    return (await axe.run({ resultTypes: ["violations"], ...(only ? { runOnly: only } : {}) })).violations;
  }, rules);
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, help, nodes }) => nodes.map((node) => `${id}: ${help}: ${node.target.join(" ")}: ${node.failureSummary ?? ""}`));
}

/** The same in the light theme and in the dark one, of which only the colours differ. */
export async function findingsInBothThemes(page: Page): Promise<string[]> {
  const light = await seriousFindings(page);
  await page.emulateMedia({ colorScheme: "dark" });
  await page.waitForFunction(() => document.documentElement.classList.contains("dark"));
  await still(page);
  const dark = await seriousFindings(page, OF_COLOURS);
  await page.emulateMedia({ colorScheme: "light" });
  await page.waitForFunction(() => !document.documentElement.classList.contains("dark"));
  return [...light.map((one) => `light: ${one}`), ...dark.map((one) => `dark: ${one}`)];
}
