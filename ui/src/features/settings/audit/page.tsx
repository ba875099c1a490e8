import { useNavigate, useSearch } from "@tanstack/react-router";
import { ScrollText, X } from "lucide-react";
import { useMemo, useRef, useState } from "react";
import { Button } from "@/components/ui/button";
import { SearchInput } from "@/components/ui/input";
import { Panel } from "@/components/ui/panel";
import { Select } from "@/components/ui/select";
import { SkeletonRows } from "@/components/ui/skeleton";
import { Empty, Failed } from "@/components/ui/states";
import { Segments } from "@/components/ui/tabs";
import { useCommands } from "@/features/commands/commands";
import { useSettled } from "@/lib/settled";
import { itemsOf } from "../common/parts";
import { SettingsPage } from "../common/settings-page";
import { ACTIONS, type Entry, type Filter, SPANS, type Span, useAudit } from "./data";
import { EntrySheet } from "./entry-sheet";
import { EntryList } from "./list";
import { namesOf, useNames } from "./names";

export function AuditPage() {
  return (
    <SettingsPage title="Audit log" description="Who changed what, when, and from where. Entries are never changed." needs="audit.read">
      <Log />
    </SettingsPage>
  );
}

function Log() {
  const search = useSearch({ from: "/_app/settings/audit" });
  const navigate = useNavigate({ from: "/settings/audit" });
  const field = useRef<HTMLInputElement>(null);
  const [shown, setShown] = useState<Entry>();
  const text = useSettled(search.text ?? "", 250);
  const filter: Filter = { ...search, text };
  const asked = useAudit(filter);
  useCommands("audit", [{ id: "find-entry", title: "Search the audit log", section: "Audit log", keys: "/", run: () => field.current?.focus() }]);
  const change = (next: Filter) => void navigate({ search: (before) => pruned({ ...before, ...next }), replace: true });
  const clear = () => void navigate({ search: {}, replace: true });
  const filtered = Object.keys(search).length > 0;
  const entries = itemsOf(asked);
  const known = useNames(entries.length > 0);
  const names = useMemo(() => namesOf(entries, known), [entries, known]);
  return (
    <Panel aria-label="Audit log">
      <div className="flex flex-wrap items-center gap-2 border-b border-line px-3 py-2">
        <SearchInput ref={field} aria-label="Search the audit log" placeholder="A person, a name, a value" className="w-full max-w-72" value={search.text ?? ""} onChange={(event) => change({ text: event.target.value })} />
        <ActionChoice action={search.action ?? ""} onChange={(action) => change({ action })} />
        <Segments label="Time" value={search.span ?? "all"} onChange={(span: Span) => change({ span })} options={Object.entries(SPANS).map(([value, { label }]) => ({ value: value as Span, label }))} />
        {search.target ? (
          <Button size="sm" onClick={() => change({ target: "" })} className="max-w-60">
            <span className="truncate" title={search.target}>Only {names.get(search.target)?.text ?? search.target}</span>
            <X aria-label="Show all" />
          </Button>
        ) : null}
      </div>
      {asked.data === undefined ? (
        asked.isPending ? (
          <SkeletonRows />
        ) : (
          <Failed error={asked.error} what="the audit log" onRetry={() => void asked.refetch()} />
        )
      ) : entries.length === 0 ? (
        <Empty icon={<ScrollText aria-hidden />} title={filtered ? "Nothing like that was changed" : "Nothing was changed yet"} actions={filtered ? <Button onClick={clear}>Clear the filters</Button> : null} />
      ) : (
        <EntryList entries={entries} names={names} more={asked.hasNextPage} busy={asked.isFetchingNextPage} onMore={() => void asked.fetchNextPage()} onShow={setShown} />
      )}
      {shown ? <EntrySheet entry={shown} name={names.get(shown.target)} onClose={() => setShown(undefined)} onTarget={(target) => { setShown(undefined); change({ target }); }} /> : null}
    </Panel>
  );
}

function ActionChoice({ action, onChange }: { action: string; onChange: (action: string) => void }) {
  const names = ACTIONS.includes(action) || !action ? ACTIONS : [action, ...ACTIONS];
  return <Select label="Kind of change" value={action} onChange={onChange} options={[{ value: "", label: "Every change" }, ...names.map((name) => ({ value: name, label: name }))]} className="min-w-40" />;
}

/** What is empty, or as it is anyway, is left out of the address. */
function pruned(filter: Filter): Filter {
  const { text, action, target, span } = filter;
  return { ...(text ? { text } : {}), ...(action ? { action } : {}), ...(target ? { target } : {}), ...(span && span !== "all" ? { span } : {}) };
}
