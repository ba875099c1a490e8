import { crawl } from "./support/crawl";
import { PLACES } from "./support/places";
import { settle } from "./support/settle";
import { test } from "./support/test";

for (const place of PLACES.filter((one) => one.name !== "nowhere")) {
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
