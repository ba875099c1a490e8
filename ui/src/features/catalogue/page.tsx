import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { SearchInput } from "@/components/ui/input";
import { PageBody, PageHeader } from "@/components/ui/page";
import { Empty, Loading, Shown } from "@/components/ui/states";
import { byCategory, type KindLine, kindsQuery, matching } from "./data";
import { KindIcon } from "./kind-icon";

/** Everything a step can be, with its documentation. */
export function CataloguePage() {
  const asked = useQuery(kindsQuery);
  const search = useSearch({ from: "/_app/integrations/" });
  const navigate = useNavigate({ from: "/integrations/" });
  const [text, setText] = useState(search.text ?? "");
  const type = (next: string) => {
    setText(next);
    void navigate({ search: next ? { text: next } : {}, replace: true });
  };
  return (
    <>
      <PageHeader title="Integrations" description="What a step of a flow can do, what it takes and what it gives.">
        <SearchInput aria-label="Search integrations" placeholder="Search by name or purpose" value={text} onChange={(event) => type(event.target.value)} className="mt-3 max-w-96" />
      </PageHeader>
      <PageBody>
        <Shown asked={asked} loading={<Loading />}>
          {({ items }) => <Kinds kinds={matching(items, text)} onClear={() => type("")} />}
        </Shown>
      </PageBody>
    </>
  );
}

function Kinds({ kinds, onClear }: { kinds: KindLine[]; onClear: () => void }) {
  if (kinds.length === 0) return <Empty title="Nothing matches" actions={<Button onClick={onClear}>Show all integrations</Button>} />;
  return byCategory(kinds).map(([heading, own]) => (
    <section key={heading} className="mb-6">
      <h2 className="mb-2 text-base font-semibold">{heading}</h2>
      <ul className="grid grid-cols-[repeat(auto-fill,minmax(19rem,1fr))] gap-2.5">
        {own.map((kind) => (
          <li key={kind.name}>
            <KindCard kind={kind} />
          </li>
        ))}
      </ul>
    </section>
  ));
}

function KindCard({ kind }: { kind: KindLine }) {
  return (
    <Link
      to="/integrations/$kind"
      params={{ kind: kind.name }}
      className="flex h-full gap-3 rounded-lg border border-line bg-surface p-3 transition-colors hover:border-control"
    >
      <span className="flex size-8 shrink-0 items-center justify-center rounded-md bg-accent-soft text-accent-ink">
        <KindIcon icon={kind.icon} className="size-4" />
      </span>
      <span className="min-w-0">
        <span className="flex items-center gap-2">
          <span className="truncate text-base font-medium">{kind.title}</span>
          {kind.runnable ? null : <Badge tone="outline">Checked only</Badge>}
        </span>
        <span className="line-clamp-2 text-sm text-muted">{kind.summary}</span>
      </span>
    </Link>
  );
}
