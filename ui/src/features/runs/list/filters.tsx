import { useQuery } from "@tanstack/react-query";
import { X } from "lucide-react";
import type { RefObject } from "react";
import { Button } from "@/components/ui/button";
import { Input, SearchInput } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { runLook } from "@/components/ui/status";
import { nameOf } from "@/features/flows/data";
import { api, body } from "@/lib/api";
import { FAILED, isFiltered, OPEN, type RunsSearch, SPANS, STATUSES, TRIGGERS } from "./search";

interface Props {
  search: RunsSearch;
  project: string;
  field: RefObject<HTMLInputElement | null>;
  onChange: (next: RunsSearch) => void;
}

const STATUS_OPTIONS = [
  { value: "", label: "Any state" },
  { value: OPEN.join(","), label: "Going on" },
  { value: FAILED.join(","), label: "Failed or timed out" },
  ...STATUSES.map((status) => ({ value: status, label: runLook(status).label })),
];

const TRIGGER_OPTIONS = [{ value: "", label: "Any start" }, ...Object.entries(TRIGGERS).map(([value, label]) => ({ value, label }))];
const SPAN_OPTIONS = [{ value: "", label: "Any time" }, ...Object.entries(SPANS).map(([value, { label }]) => ({ value, label })), { value: "custom", label: "From … to …" }];

export function Filters({ search, project, field, onChange }: Props) {
  const set = (name: keyof RunsSearch, value: string) => {
    const { [name]: _before, ...rest } = search;
    onChange(value ? { ...rest, [name]: value } : rest);
  };
  const known = STATUS_OPTIONS.some(({ value }) => value === (search.status ?? ""));
  const statuses = known ? STATUS_OPTIONS : [...STATUS_OPTIONS, { value: search.status ?? "", label: (search.status ?? "").split(",").map((one) => runLook(one).label).join(", ") }];
  return (
    <div role="search" className="mt-3 flex flex-wrap items-center gap-2">
      <SearchInput
        ref={field}
        aria-label="Search runs"
        placeholder="Search by id, flow, error or output"
        value={search.text ?? ""}
        onChange={(event) => set("text", event.target.value)}
        className="w-full max-w-80"
      />
      <Select label="State" value={search.status ?? ""} onChange={(value) => set("status", value)} options={statuses} />
      <FlowFilter project={project} value={search.flow ?? ""} onChange={(value) => set("flow", value)} />
      <Select label="Started by" value={search.trigger ?? ""} onChange={(value) => set("trigger", value)} options={TRIGGER_OPTIONS} />
      <TimeFilter search={search} onChange={onChange} />
      {isFiltered(search) ? (
        <Button look="quiet" onClick={() => onChange({})}>
          <X aria-hidden />
          Clear
        </Button>
      ) : null}
    </div>
  );
}

function FlowFilter({ project, value, onChange }: { project: string; value: string; onChange: (value: string) => void }) {
  const { data } = useQuery({
    queryKey: ["flows", "names", project],
    queryFn: () => body(api.GET("/api/flows", { params: { query: { limit: 200, ...(project ? { project } : {}) } } })),
  });
  const flows = (data?.items ?? []).map((flow) => ({ value: flow.id, label: <bdi>{nameOf(flow)}</bdi> }));
  const missing = value && !flows.some((flow) => flow.value === value) ? [{ value, label: data ? "A flow that is not listed" : "…" }] : [];
  return <Select label="Flow" value={value} onChange={onChange} options={[{ value: "", label: "Any flow" }, ...flows, ...missing]} className="max-w-52" />;
}

const DAY = 86_400_000;

function TimeFilter({ search, onChange }: { search: RunsSearch; onChange: (next: RunsSearch) => void }) {
  const { since, until, ...rest } = search;
  const custom = until !== undefined || (since !== undefined && !(since in SPANS));
  const choose = (value: string) => {
    if (value === "custom") return onChange({ ...rest, since: local(Date.now() - DAY) });
    onChange(value ? { ...rest, since: value } : rest);
  };
  return (
    <>
      <Select label="Time" value={custom ? "custom" : (since ?? "")} onChange={choose} options={SPAN_OPTIONS} />
      {custom ? (
        <span className="flex items-center gap-1.5 text-sm text-muted">
          <Moments label="From" value={since ?? ""} onChange={(value) => onChange({ ...rest, ...(value ? { since: value } : {}), ...(until ? { until } : {}) })} />
          to
          <Moments label="To" value={until ?? ""} onChange={(value) => onChange({ ...rest, ...(since ? { since } : {}), ...(value ? { until: value } : {}) })} />
        </span>
      ) : null}
    </>
  );
}

function Moments({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
  return <Input type="datetime-local" aria-label={label} value={value.slice(0, 16)} onChange={(event) => onChange(event.target.value)} className="w-50" />;
}

/** A time as such a field has it. */
function local(time: number): string {
  const at = new Date(time);
  return new Date(time - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
