import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { ChevronLeft } from "lucide-react";
import type { ReactNode } from "react";
import { Badge } from "@/components/ui/badge";
import { PageBody, PageHeader } from "@/components/ui/page";
import { Panel } from "@/components/ui/panel";
import { Loading, Shown } from "@/components/ui/states";
import { Cell, Head, Row, Table } from "@/components/ui/table";
import { useMay } from "@/features/session/data";
import { Markdown } from "@/features/templates/markdown";
import { kindQuery, type KindRecord } from "./data";
import { Fields } from "./fields";
import { UsedBy } from "./used-by";

export function KindPage() {
  const { kind } = useParams({ from: "/_app/integrations/$kind" });
  const asked = useQuery(kindQuery(kind));
  return (
    <>
      <div className="px-6 pt-4">
        <Link to="/integrations" className="inline-flex items-center gap-1 text-sm text-muted hover:text-ink">
          <ChevronLeft className="size-3.5" aria-hidden />
          Integrations
        </Link>
      </div>
      <Shown asked={asked} loading={<Loading />}>
        {(record) => <Details record={record} />}
      </Shown>
    </>
  );
}

function Details({ record }: { record: KindRecord }) {
  const may = useMay();
  const { component, discovery, input_schema: takes = {}, output_schema: gives = {} } = record;
  return (
    <>
      <div className="-mt-3">
        <PageHeader title={component.title} description={component.summary} />
      </div>
      <PageBody className="grid items-start gap-4 xl:grid-cols-[minmax(0,1fr)_20rem]">
        <div className="flex min-w-0 flex-col gap-4">
          {discovery?.purpose ? (
            <Panel className="px-4 py-3">
              <Markdown text={discovery.purpose} />
            </Panel>
          ) : null}
          <Panel title="Takes">
            <Fields fields={takes} empty="It takes nothing." />
          </Panel>
          <Panel title="Gives">
            <Fields fields={gives} empty="It gives nothing." />
          </Panel>
          <Rules record={record} />
          <Examples record={record} />
        </div>
        <div className="flex min-w-0 flex-col gap-4">
          <Facts record={record} />
          {may("flows.read") ? <UsedBy kind={component.name} /> : null}
          <Patterns record={record} />
          <Issues record={record} />
          <Related record={record} />
        </div>
      </PageBody>
    </>
  );
}

const EFFECTS: Record<string, string> = {
  pure: "Nothing outside changes",
  idempotent: "Safe to repeat",
  non_idempotent: "Not safe to repeat",
  read_only: "Only reads",
};

function Facts({ record: { component } }: { record: KindRecord }) {
  const { retry } = component;
  const facts: [string, ReactNode][] = [
    ["Name", <code key="name" className="font-mono text-sm">{component.name}</code>],
    ["In trees", component.tree ? <code key="tree" className="font-mono text-sm">{component.tree}</code> : undefined],
    ["Also called", component.aliases?.join(", ")],
    ["Of", `${component.vendor}, version ${component.version}`],
    ["Runs here", component.runnable ? "Yes" : "No; it is checked all the same"],
    ["Effect", EFFECTS[component.effect] ?? component.effect],
    ["Time limit", component.timeout],
    ["Attempts", retry?.max_attempts ? `${retry.max_attempts}, first after ${retry.initial ?? "no time"}` : undefined],
    ["May", component.capabilities?.join(", ")],
  ];
  return (
    <Panel title="At a glance">
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1.5 px-4 pt-1 pb-3 text-base">
        {facts
          .filter(([, value]) => value)
          .map(([label, value]) => (
            <div key={label} className="contents">
              <dt className="text-muted">{label}</dt>
              <dd className="wrap-anywhere">{value}</dd>
            </div>
          ))}
      </dl>
    </Panel>
  );
}

function Rules({ record: { validation_rules: rules = [] } }: { record: KindRecord }) {
  if (rules.length === 0) return null;
  return (
    <Panel title="Checked before and while it runs">
      <Table>
        <thead>
          <tr>
            <Head>Rule</Head>
            <Head>Where</Head>
            <Head>Code</Head>
          </tr>
        </thead>
        <tbody>
          {rules.map((rule) => (
            <Row key={`${rule.error_code} ${rule.rule}`}>
              <Cell className="py-1.5">{rule.rule}</Cell>
              <Cell className="py-1.5 text-muted">{rule.applies_when}</Cell>
              <Cell className="py-1.5 font-mono text-sm">{rule.error_code}</Cell>
            </Row>
          ))}
        </tbody>
      </Table>
    </Panel>
  );
}

function Examples({ record: { test_cases: cases = [] } }: { record: KindRecord }) {
  if (cases.length === 0) return null;
  return (
    <Panel title="Examples" hint="Each of them is a test that this server passes">
      <ul className="px-4 pb-3">
        {cases.map((example) => (
          <li key={example.name} className="border-b border-line py-2 last:border-0">
            <details>
              <summary className="text-base">
                <span className="font-medium">{example.name}</span>{" "}
                {example.expected_error === undefined ? null : <Badge tone="bad">fails</Badge>}
                <span className="block text-sm text-muted">{example.description}</span>
              </summary>
              <div className="mt-2 grid gap-2 sm:grid-cols-2">
                <Json title="Takes" value={example.input ?? {}} />
                <Json title={example.expected_error === undefined ? "Gives" : "Fails with"} value={example.expected_error ?? example.expected_output ?? null} />
              </div>
            </details>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Json({ title, value }: { title: string; value: unknown }) {
  return (
    <div className="min-w-0">
      <h3 className="mb-1 text-xs font-medium text-muted">{title}</h3>
      <pre className="max-h-64 overflow-auto rounded-md bg-sunken p-2.5 font-mono text-sm" tabIndex={0}>
        {JSON.stringify(value, null, 2)}
      </pre>
    </div>
  );
}

function Patterns({ record: { discovery } }: { record: KindRecord }) {
  const patterns = discovery?.usage_patterns ?? [];
  if (patterns.length === 0) return null;
  return (
    <Panel title="How it is used">
      <ul className="flex flex-col gap-2 px-4 pt-1 pb-3">
        {patterns.map((one) => (
          <li key={one.pattern}>
            <h3 className="text-base font-medium">{one.pattern}</h3>
            <Markdown text={one.description} />
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Issues({ record: { discovery } }: { record: KindRecord }) {
  const issues = discovery?.known_issues ?? [];
  if (issues.length === 0) return null;
  return (
    <Panel title="Good to know">
      <ul className="flex flex-col gap-2.5 px-4 pt-1 pb-3">
        {issues.map((one) => (
          <li key={one.issue} className="text-base">
            <p>{one.issue}</p>
            <div className="text-muted">
              <Markdown text={one.resolution} />
            </div>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Related({ record: { related_components: related = [] } }: { record: KindRecord }) {
  if (related.length === 0) return null;
  return (
    <Panel title="Related">
      <ul className="flex flex-col gap-2 px-4 pt-1 pb-3">
        {related.map((one) => (
          <li key={one.name} className="text-base">
            <Link to="/integrations/$kind" params={{ kind: one.name }} className="font-mono text-sm text-accent-ink hover:underline">
              {one.name}
            </Link>
            <div className="text-muted">
              <Markdown text={one.notes} />
            </div>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
