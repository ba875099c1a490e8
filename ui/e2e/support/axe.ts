import { createRequire } from "node:module";
import type { Page } from "@playwright/test";

const script = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

interface Finding {
  id: string;
  impact: string | null;
  help: string;
  nodes: { target: string[]; failureSummary?: string }[];
}

/** What axe calls serious or critical on the page as it is. */
export async function seriousFindings(page: Page): Promise<string[]> {
  // The page's policy allows no script of others, so it is not added to the page but run beside it.
  const { readFile } = await import("node:fs/promises");
  await page.evaluate(await readFile(script, "utf8"));
  const violations = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run: (options: object) => Promise<{ violations: Finding[] }> } };
    return (await axe.run({ resultTypes: ["violations"] })).violations;
  });
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, help, nodes }) => nodes.map((node) => `${id}: ${help}: ${node.target.join(" ")}: ${node.failureSummary ?? ""}`));
}
