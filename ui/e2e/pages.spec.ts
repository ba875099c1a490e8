import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { findingsInBothThemes } from "./support/axe";
import { PLACES } from "./support/places";
import { settle } from "./support/settle";
import { expect, test } from "./support/test";

for (const { name, open, path, shows } of PLACES) {
  test(`${name} can be used by everybody, in both themes`, async ({ page, app, client }) => {
    const shown = open ? page : app;
    if (open) await page.context().clearCookies();
    await shown.goto(await path(client));
    await settle(shown);
    if (shows) await expect(shown.locator(shows).first()).toBeVisible();
    expect(await findingsInBothThemes(shown)).toEqual([]);
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
