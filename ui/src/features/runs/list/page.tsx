import { useNavigate, useSearch } from "@tanstack/react-router";
import { useQueryClient } from "@tanstack/react-query";
import { History, RefreshCw } from "lucide-react";
import { useMemo, useRef, useState } from "react";
import { Button } from "@/components/ui/button";
import { PageBody, PageHeader } from "@/components/ui/page";
import { Panel } from "@/components/ui/panel";
import { SkeletonRows } from "@/components/ui/skeleton";
import { Empty, Failed, Forbidden } from "@/components/ui/states";
import { useCommands } from "@/features/commands/commands";
import { useMay } from "@/features/session/data";
import { useProject } from "@/features/session/place";
import { useSettled } from "@/lib/settled";
import { type RunLine, useNews, useRuns } from "../data";
import { BulkBar } from "./bulk";
import { Filters } from "./filters";
import { merged } from "./merged";
import { RunRows } from "./rows";
import { isFiltered, type RunsSearch } from "./search";

export function RunsPage() {
  const may = useMay();
  const search = useSearch({ from: "/_app/runs/" });
  const navigate = useNavigate({ from: "/runs/" });
  const field = useRef<HTMLInputElement>(null);
  const [project] = useProject();
  useCommands("runs", [{ id: "runs-search", title: "Search runs", section: "Runs", keys: "/", run: () => field.current?.focus() }]);
  if (!may("runs.read")) return <Forbidden what="runs" />;
  const change = (next: RunsSearch) => void navigate({ search: next, replace: true });
  return (
    <div className="flex h-full min-h-120 flex-col">
      <PageHeader title="Runs">
        <Filters search={search} project={project} field={field} onChange={change} />
      </PageHeader>
      <PageBody className="flex min-h-0 flex-1 flex-col pb-6">
        <List search={search} project={project} onChange={change} />
      </PageBody>
    </div>
  );
}

function List({ search, project, onChange }: { search: RunsSearch; project: string; onChange: (next: RunsSearch) => void }) {
  const text = useSettled(search.text?.trim() ?? "", 250);
  const { text: _typed, ...rest } = search;
  const wanted = text ? { ...rest, text } : rest;
  const runs = useRuns(wanted, project);
  const news = useNews(wanted, project, runs.isSuccess);
  const queries = useQueryClient();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const pages = runs.data?.pages;
  const lines = useMemo<RunLine[]>(() => merged(pages?.flatMap(({ items }) => items) ?? [], news.data?.items ?? []), [pages, news.data]);
  if (runs.isPending) {
    return (
      <Panel>
        <SkeletonRows rows={10} />
      </Panel>
    );
  }
  if (!pages) return <Failed error={runs.error} onRetry={() => void runs.refetch()} what="runs" />;
  if (lines.length === 0) return <Nothing filtered={isFiltered(search)} more={runs.hasNextPage} busy={runs.isFetchingNextPage} onMore={() => void runs.fetchNextPage()} onClear={() => onChange({})} />;
  const again = () => void queries.invalidateQueries({ queryKey: ["runs"] });
  return (
    <Panel className="flex min-h-0 flex-1 flex-col overflow-hidden" aria-busy={runs.isPlaceholderData || undefined} aria-label="Runs">
      <BulkBar lines={lines} chosen={chosen} onChosen={setChosen} onDone={again} />
      <RunRows
        lines={lines}
        showProject={!project}
        chosen={chosen}
        onChosen={setChosen}
        more={runs.hasNextPage}
        busy={runs.isFetchingNextPage}
        onMore={() => void runs.fetchNextPage()}
      />
      <Foot count={lines.length} more={runs.hasNextPage} busy={runs.isFetchingNextPage} failed={news.isError} onMore={() => void runs.fetchNextPage()} onAgain={again} />
    </Panel>
  );
}

interface FootProps {
  count: number;
  more: boolean;
  busy: boolean;
  failed: boolean;
  onMore: () => void;
  onAgain: () => void;
}

function Foot({ count, more, busy, failed, onMore, onAgain }: FootProps) {
  return (
    <footer className="flex min-h-10 shrink-0 items-center gap-3 border-t border-line px-4 text-sm text-muted">
      <span role="status" className="tabular">
        {more ? `The newest ${count.toLocaleString()} runs` : `${count.toLocaleString()} ${count === 1 ? "run" : "runs"}`}
      </span>
      {failed ? <span className="text-warn-ink">The list is not being kept up to date.</span> : null}
      <span className="ms-auto flex gap-2">
        {failed ? (
          <Button size="sm" onClick={onAgain}>
            <RefreshCw aria-hidden />
            Try again
          </Button>
        ) : null}
        {more ? (
          <Button size="sm" busy={busy} onClick={onMore}>
            Show more
          </Button>
        ) : null}
      </span>
    </footer>
  );
}

function Nothing({ filtered, more, busy, onMore, onClear }: { filtered: boolean; more: boolean; busy: boolean; onMore: () => void; onClear: () => void }) {
  if (!filtered) {
    return (
      <Empty icon={<History aria-hidden />} title="No runs yet">
        A run is one time a flow goes through its steps. Start a flow, or send something to its webhook, and it appears here.
      </Empty>
    );
  }
  return (
    <Empty
      title={more ? "No run among the newest matches" : "No run matches"}
      actions={
        <>
          <Button onClick={onClear}>Show all runs</Button>
          {more ? (
            <Button look="primary" busy={busy} onClick={onMore}>
              Look further back
            </Button>
          ) : null}
        </>
      }
    >
      {more ? "There are older runs that have not been looked at." : "Nothing in this organisation's runs fits all the conditions above."}
    </Empty>
  );
}
