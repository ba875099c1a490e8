import { expect, test } from "./support/test";

test("the palette goes to pages, flows and themes by a few letters", async ({ app }) => {
  await app.goto("/");
  await expect(app.getByRole("heading", { name: "Dashboard" })).toBeVisible();
  await app.keyboard.press("Control+k");
  await app.getByRole("combobox", { name: "Go to anything" }).fill("integr");
  await app.keyboard.press("Enter");
  await expect(app).toHaveURL(/\/integrations$/);
  await app.keyboard.press("Control+k");
  await app.getByRole("combobox", { name: "Go to anything" }).fill("welcome");
  await app.getByRole("option", { name: /Welcome \(a tree\)/ }).click();
  await expect(app.getByRole("heading", { name: "Welcome (a tree)" })).toBeVisible();
  await app.keyboard.press("Control+k");
  await app.getByRole("combobox", { name: "Go to anything" }).fill("dark theme");
  await app.keyboard.press("Enter");
  await expect(app.locator("html")).toHaveClass(/dark/);
});

test.describe("without its own script", () => {
  test.use({ allowed: "ERR_FAILED" });

  test("a page has the chosen theme already", async ({ app }) => {
    await app.goto("/");
    await app.getByRole("button", { name: /^Account:/ }).click();
    await app.getByRole("menuitem", { name: "Dark" }).click();
    await app.route("**/assets/*.js", (route) => route.abort());
    await app.goto("/", { waitUntil: "domcontentloaded" });
    await expect(app.locator("html")).toHaveClass(/dark/);
  });
});

test("the keys of a page are listed, and letters rest while one types", async ({ app }) => {
  await app.goto("/flows");
  await expect(app.getByRole("heading", { name: "Flows" })).toBeVisible();
  await app.keyboard.press("?");
  const sheet = app.getByRole("dialog", { name: "Keyboard" });
  await expect(sheet.getByText("New flow")).toBeVisible();
  await app.keyboard.press("Escape");
  await expect(sheet).toHaveCount(0);
  await app.keyboard.press("/");
  await expect(app.getByLabel("Search flows")).toBeFocused();
  await app.keyboard.type("n");
  await expect(app.getByLabel("Search flows")).toHaveValue("n");
  await expect(app.getByRole("dialog")).toHaveCount(0);
});

test("the sidebar can be narrow, and stays so", async ({ app }) => {
  await app.goto("/flows");
  await expect(app.getByRole("heading", { name: "Flows" })).toBeVisible();
  await app.keyboard.press("Control+b");
  await expect(app.getByRole("navigation").getByText("Templates")).toHaveCount(0);
  await expect(app.getByRole("navigation").getByRole("link", { name: "Templates" })).toBeVisible();
  await app.reload();
  await expect(app.getByRole("button", { name: "Widen the sidebar" })).toBeVisible();
});

test("an address that leads nowhere says so and leads back", async ({ app }) => {
  await app.goto("/no/such/page");
  await app.getByRole("link", { name: "To the dashboard" }).click();
  await expect(app.getByRole("heading", { name: "Dashboard" })).toBeVisible();
});

test.describe("a page that fails", () => {
  test.use({ allowed: "TypeError" });

  test("takes neither the others nor the way to them", async ({ app }) => {
    await app.route("**/api/kinds", (route) => route.fulfill({ json: { items: [null] } }));
    await app.goto("/integrations");
    await expect(app.getByRole("alert")).toBeVisible();
    await expect(app.getByRole("button", { name: "Try again" })).toBeVisible();
    await app.getByRole("navigation").getByRole("link", { name: "Runs" }).click();
    await expect(app.getByRole("heading", { name: "Runs", level: 1 })).toBeVisible();
  });
});

test.describe("while the server is away", () => {
  test.use({ allowed: "net::ERR_|status of 50[23]" });

  test("a banner says so, and goes when the server is back", async ({ app, server }) => {
    // By its name: other tests have made flows that come before it.
    await app.goto("/flows?text=quote");
    await expect(app.getByRole("link", { name: /Quote \(a graph\)/ })).toBeVisible();
    await server.kill();
    await app.getByLabel("Search flows").fill("quote (a");
    await expect(app.getByText("The server does not answer.")).toBeVisible();
    await server.start();
    // It is asked again by itself as well, and may be found before the button is.
    await app.getByRole("button", { name: "Try now" }).click({ timeout: 3_000 }).catch(() => undefined);
    await expect(app.getByText("The server does not answer.")).toBeHidden();
    await expect(app.getByRole("link", { name: /Quote \(a graph\)/ })).toBeVisible();
  });
});

test.describe("while the server starts", () => {
  test.use({ allowed: "status of 503" });

  test("a page says so, and comes by itself", async ({ app }) => {
    let asked = 0;
    await app.route(/\/api\/flows\?/, (route) => {
      const headers = { "retry-after": "1", "content-type": "application/problem+json" };
      const body = JSON.stringify({ type: "/docs/errors/BUSY", title: "Service Unavailable", status: 503, code: "BUSY", detail: "the server is starting" });
      return (asked += 1) <= 3 ? route.fulfill({ status: 503, headers, body }) : route.fallback();
    });
    await app.goto("/flows?text=quote");
    await expect(app.getByRole("alert").filter({ hasText: "The server is starting" })).toBeVisible();
    await expect(app.getByRole("link", { name: /Quote \(a graph\)/ })).toBeVisible();
    expect(asked).toBeGreaterThan(3);
  });
});

test.describe("whoever belongs to several organisations", () => {
  test.use({ allowed: "status of (403|404)" });

  interface Session {
    tenant: string;
    role: string;
    permissions: string[];
    tenants: { id: string; name: string; role: string }[];
  }
  const SECOND = { id: "second", name: "Second house", role: "viewer" };

  test("changes between them, sees what the role there allows, and stays where that is refused", async ({ app }) => {
    let at = "";
    const seen = (session: Session): Session => {
      const tenants = [...session.tenants, SECOND];
      if (at !== SECOND.id) return { ...session, tenants };
      return { ...session, tenants, tenant: SECOND.id, role: SECOND.role, permissions: session.permissions.filter((one) => one.endsWith(".read")) };
    };
    await app.route("**/api/session", async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, json: seen((await answer.json()) as Session) });
    });
    await app.goto("/flows");
    const choose = async () => {
      await app.getByRole("button", { name: /^Organisation:/ }).click();
      await app.getByRole("menuitem", { name: "Second house" }).click();
    };
    // The server knows of no such organisation.
    await choose();
    await expect(app.getByText(/does not exist|does not allow/)).toBeVisible();
    await expect(app.getByRole("button", { name: "New flow" })).toBeVisible();
    await app.route("**/api/session/tenant", async (route) => {
      at = (route.request().postDataJSON() as { tenant: string }).tenant;
      await route.fulfill({ json: seen((await (await app.request.get("/api/session")).json()) as Session) });
    });
    await choose();
    await expect(app).toHaveURL(/\/$/);
    await expect(app.getByRole("button", { name: "Organisation: Second house" })).toBeVisible();
    await app.getByRole("link", { name: "Flows", exact: true }).click();
    await expect(app.getByRole("heading", { name: "Flows" })).toBeVisible();
    await expect(app.getByRole("button", { name: "New flow" })).toHaveCount(0);
  });
});
