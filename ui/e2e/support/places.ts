import type { Client } from "./client";

/** A page, as it is looked at by the tests over all pages. A new route wants a line here. */
export interface Place {
  name: string;
  /** Its pattern in the table of routes, such as `/flows/$flow`. */
  route: string;
  path: (client: Client) => Promise<string> | string;
  /** What comes last, where that is a part of its own. */
  shows?: string;
  /** Seen without being signed in. */
  open?: boolean;
  /** Among the few whose controls are all tried in every run of the tests. */
  crawledFirst?: boolean;
}

async function firstFlow(client: Client, name: string): Promise<string> {
  const { items } = await client.get<{ items: { id: string; name: string }[] }>(`/api/flows?limit=200&text=${encodeURIComponent(name)}`);
  const found = items.find((flow) => flow.name === name);
  if (!found) throw new Error(`the demo has no flow ${name}`);
  return found.id;
}

async function failedRun(client: Client): Promise<string> {
  const { items } = await client.get<{ items: { run: string }[] }>("/api/runs?status=failed&limit=1");
  if (items[0]) return items[0].run;
  // A crawl may have mended the run of another one.
  const flow = { name: `fails-${Date.now().toString(36)}`, title: "Fails", files: [{ name: "flow.yaml", text: "type: Sequence\nid: fails\nchildren:\n  - {type: Mock, id: judge, props: {returnStatus: FAILURE}}\n" }] };
  const { id } = await client.post<{ id: string }>("/api/flows", flow);
  await client.post(`/api/flows/${id}/start`);
  const { run } = await client.post<{ run: string }>(`/api/triggers/${id}/inject`, { input: {} });
  await client.get(`/api/runs/${run}?wait=30`);
  return run;
}

export const PLACES: Place[] = [
  { name: "sign-in", route: "/sign-in", path: () => "/sign-in", open: true },
  { name: "dashboard", route: "/", path: () => "/" },
  { name: "flows", route: "/flows/", path: () => "/flows" },
  { name: "new-flow", route: "/flows/", path: () => "/flows?open=new" },
  { name: "import", route: "/flows/", path: () => "/flows?open=import" },
  { name: "deleted-flows", route: "/flows/", path: () => "/flows?open=deleted" },
  { name: "flow", route: "/flows/$flow/", path: async (client) => `/flows/${await firstFlow(client, "quote")}`, crawledFirst: true },
  { name: "runs", route: "/runs/", path: () => "/runs", crawledFirst: true },
  { name: "runs-none", route: "/runs/", path: () => "/runs?text=no-such-run" },
  { name: "run", route: "/runs/$run/", path: async (client) => `/runs/${await failedRun(client)}` },
  { name: "run-graph", route: "/runs/$run/", path: async (client) => `/runs/${await failedRun(client)}?tab=graph` },
  { name: "run-timeline", route: "/runs/$run/", path: async (client) => `/runs/${await failedRun(client)}?tab=timeline` },
  { name: "run-events", route: "/runs/$run/", path: async (client) => `/runs/${await failedRun(client)}?tab=events` },
  { name: "run-machine", route: "/runs/$run/", path: async (client) => `/runs/${await failedRun(client)}?tab=machine` },
  { name: "run-fix", route: "/runs/$run/fix", path: async (client) => `/runs/${await failedRun(client)}/fix`, shows: ".monaco-editor .view-line" },
  {
    name: "runs-compared",
    route: "/runs/compare",
    path: async (client) => {
      const run = await failedRun(client);
      return `/runs/compare?a=${run}&b=${run}`;
    },
  },
  { name: "templates", route: "/templates", path: () => "/templates" },
  { name: "template", route: "/templates", path: () => "/templates?template=order-process" },
  { name: "integrations", route: "/integrations/", path: () => "/integrations" },
  { name: "integration", route: "/integrations/$kind", path: () => "/integrations/http.request" },
  { name: "join", route: "/join", path: () => "/join#weiri_none", open: true },
  { name: "reset", route: "/reset", path: () => "/reset", open: true },
  { name: "settings", route: "/settings/", path: () => "/settings" },
  { name: "settings-account", route: "/settings/account", path: () => "/settings/account" },
  { name: "settings-keys", route: "/settings/keys", path: () => "/settings/keys" },
  { name: "settings-organisation", route: "/settings/organisation", path: () => "/settings/organisation" },
  { name: "settings-members", route: "/settings/members", path: () => "/settings/members" },
  { name: "settings-projects", route: "/settings/projects", path: () => "/settings/projects" },
  { name: "settings-usage", route: "/settings/usage", path: () => "/settings/usage" },
  { name: "settings-audit", route: "/settings/audit", path: () => "/settings/audit" },
  { name: "settings-secrets", route: "/settings/secrets", path: () => "/settings/secrets?project=demo" },
  { name: "settings-variables", route: "/settings/variables", path: () => "/settings/variables?project=demo" },
  { name: "settings-interfaces", route: "/settings/interfaces", path: () => "/settings/interfaces?project=demo" },
  { name: "monitoring", route: "/monitoring/", path: () => "/monitoring" },
  { name: "monitoring-deployments", route: "/monitoring/deployments", path: () => "/monitoring/deployments" },
  { name: "monitoring-performance", route: "/monitoring/performance", path: () => "/monitoring/performance" },
  { name: "monitoring-schedule", route: "/monitoring/schedule", path: () => "/monitoring/schedule" },
  { name: "monitoring-month", route: "/monitoring/schedule", path: () => "/monitoring/schedule?view=month" },
  { name: "monitoring-usage", route: "/monitoring/usage", path: () => "/monitoring/usage" },
  { name: "nowhere", route: "*", path: () => "/no/such/page" },
];
