import { fileURLToPath } from "node:url";
import { PLACES } from "./support/places";
import { seed } from "./support/seed";
import { settle } from "./support/settle";
import { test } from "./support/test";

const folder = fileURLToPath(new URL("../screenshots", import.meta.url));

test.beforeAll(async ({ server, client }) => seed(server, client));

for (const theme of ["light", "dark"] as const) {
  test.describe(theme, () => {
    test.use({ colorScheme: theme });
    for (const place of PLACES) {
      test(`${place.name} ${theme}`, async ({ page, app, client }) => {
        const shown = place.open ? page : app;
        if (place.open) await page.context().clearCookies();
        await shown.goto(await place.path(client));
        await settle(shown);
        await shown.screenshot({ path: `${folder}/${place.name}-${theme}.png` });
      });
    }
  });
}
