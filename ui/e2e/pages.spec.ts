import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { seriousFindings } from "./support/axe";
import { PLACES } from "./support/places";
import { settle } from "./support/settle";
import { expect, test } from "./support/test";

for (const theme of ["light", "dark"] as const) {
  test.describe(theme, () => {
    test.use({ colorScheme: theme });
    for (const place of PLACES) {
      test(`${place.name} can be used by everybody in the ${theme} theme`, async ({ page, app, client }) => {
        const shown = place.open ? page : app;
        if (place.open) await page.context().clearCookies();
        await shown.goto(await place.path(client));
        await settle(shown);
        expect(await shown.evaluate(() => document.documentElement.classList.contains("dark"))).toBe(theme === "dark");
        expect(await seriousFindings(shown)).toEqual([]);
      });
    }
  });
}

test("every route is among the pages that are tested", () => {
  const tree = readFileSync(fileURLToPath(new URL("../src/routes.gen.ts", import.meta.url)), "utf8");
  const block = /export interface FileRoutesByTo \{([^}]*)\}/.exec(tree)?.[1] ?? "";
  const routes = [...block.matchAll(/"([^"]+)":/g)].map((match) => match[1] ?? "");
  expect(routes.length).toBeGreaterThan(3);
  const plain = (route: string) => (route === "/" ? route : route.replace(/\/$/, ""));
  const known = new Set(PLACES.map((place) => plain(place.route)));
  expect(routes.map(plain).filter((route) => !known.has(route))).toEqual([]);
});
