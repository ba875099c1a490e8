import type { Client } from "./client";

/** A page, as it is looked at by the tests over all pages. A new route wants a line here. */
export interface Place {
  name: string;
  /** Its pattern in the table of routes, such as `/flows/$flow`. */
  route: string;
  path: (client: Client) => Promise<string> | string;
  /** Seen without being signed in. */
  open?: boolean;
}

async function firstFlow(client: Client, name: string): Promise<string> {
  const { items } = await client.get<{ items: { id: string; name: string }[] }>("/api/flows");
  const found = items.find((flow) => flow.name === name);
  if (!found) throw new Error(`the demo has no flow ${name}`);
  return found.id;
}

export const PLACES: Place[] = [
  { name: "sign-in", route: "/sign-in", path: () => "/sign-in", open: true },
  { name: "dashboard", route: "/", path: () => "/" },
  { name: "flows", route: "/flows/", path: () => "/flows" },
  { name: "new-flow", route: "/flows/", path: () => "/flows?open=new" },
  { name: "import", route: "/flows/", path: () => "/flows?open=import" },
  { name: "flow", route: "/flows/$flow/", path: async (client) => `/flows/${await firstFlow(client, "quote")}` },
  { name: "templates", route: "/templates", path: () => "/templates" },
  { name: "template", route: "/templates", path: () => "/templates?template=order-process" },
  { name: "integrations", route: "/integrations/", path: () => "/integrations" },
  { name: "integration", route: "/integrations/$kind", path: () => "/integrations/http.request" },
  { name: "nowhere", route: "*", path: () => "/no/such/page" },
];
