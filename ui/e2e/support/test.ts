import { test as base, expect, type Page } from "@playwright/test";
import { Client } from "./client";
import { OWNER, Server } from "./server";

interface PerWorker {
  /** Variables of the server's environment. A file that sets them has a worker, and so a server, to itself. */
  settings: Record<string, string>;
  /** A server of this worker's own, with the demo in it. */
  server: Server;
  client: Client;
}

interface PerTest {
  /** A pattern of what may be said to the console: what a browser says of an answer that is meant to fail. */
  allowed: string;
  /** A page of whoever is signed in as the owner. */
  app: Page;
}

/** A test fails where the page says an error to the console, throws, or asks anybody but its server for anything. */
export const test = base.extend<PerTest, PerWorker>({
  settings: [{}, { option: true, scope: "worker" }],
  server: [
    async ({ settings }, use) => {
      const server = await Server.make(settings);
      await use(server);
      await server.remove();
    },
    { scope: "worker", timeout: 180_000 },
  ],
  client: [async ({ server }, use) => use(await Client.signIn(server.url, OWNER, server.password)), { scope: "worker" }],
  baseURL: async ({ server }, use) => use(server.url),
  allowed: ["", { option: true }],
  page: async ({ page, server, allowed }, use) => {
    const said: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error") said.push(`${message.text()} (${message.location().url})`);
    });
    page.on("pageerror", (error) => said.push(String(error.stack ?? error)));
    page.on("request", (request) => {
      const { protocol, origin } = new URL(request.url());
      if (protocol.startsWith("http") && origin !== server.url) said.push(`asked elsewhere: ${request.url()}`);
    });
    await use(page);
    // Whoever comes for the first time asks whether somebody is signed in; the browser writes down that nobody is.
    const first = /status of 401.*\/api\/session\)/;
    const wrong = said.filter((line) => !first.test(line) && (!allowed || !new RegExp(allowed).test(line)));
    expect(wrong, "said to the console").toEqual([]);
  },
  app: async ({ page, client, server }, use) => {
    const [name = "", value = ""] = client.cookie.split("=");
    await page.context().addCookies([{ name, value, url: server.url, httpOnly: true, sameSite: "Lax" }]);
    await use(page);
  },
});

export { expect };
