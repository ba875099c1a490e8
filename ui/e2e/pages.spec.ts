import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { findingsInBothThemes } from "./support/axe";
import { type Place, PLACES } from "./support/places";
import { settle } from "./support/settle";
import { expect, test } from "./support/test";

/** Pages that stand beside each other, by the first part of their routes. */
const partOf = ({ route, open }: Place): string => (open ? "before one signs in" : route.split("/")[1] || "first");
const parts = [...new Set(PLACES.map(partOf))].map((part) => [part, PLACES.filter((place) => partOf(place) === part)] as const);

for (const [part, places] of parts) {
  test(`pages can be used by everybody, in both themes: ${part}`, async ({ page, app, client }) => {
    test.setTimeout(300_000);
    for (const place of places) {
      await test.step(place.name, async () => {
        const shown = place.open ? page : app;
        if (place.open) await page.context().clearCookies();
        await shown.goto(await place.path(client));
        await settle(shown);
        if (place.shows) await expect(shown.locator(place.shows).first()).toBeVisible();
        expect.soft(await findingsInBothThemes(shown), place.name).toEqual([]);
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
