import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { Select } from "@/components/ui/select";
import { Failed, Forbidden, Loading } from "@/components/ui/states";
import { Segments } from "@/components/ui/tabs";
import { type Analytics, analyticsQuery, flowsQuery, RANGES, type Range, type Zoom, zoomOf } from "@/features/dashboard/data";
import { Figures } from "@/features/dashboard/figures";
import { LatencyMap } from "@/features/dashboard/latency-map";
import { nameOf } from "@/features/flows/data";
import { useMay } from "@/features/session/data";
import { useProject } from "@/features/session/place";
import { OverTime } from "./over-time";

interface Choice {
  range?: Range;
  flow?: string;
  zoom?: Zoom | undefined;
}

/** How runs went over time, closer than the dashboard shows it. */
export function PerformancePage() {
  const may = useMay();
  const [project] = useProject();
  const { range = "day", flow = "", since, until } = useSearch({ from: "/_app/monitoring/performance" });
  const zoom = zoomOf(since, until);
  const choose = useChoice();
  const asked = useQuery({ ...analyticsQuery({ range, zoom, project, flow }), enabled: may("runs.read") });
  if (!may("runs.read")) return <Forbidden what="figures about runs" />;
  return (
    <div className="flex flex-col gap-4">
      <Choices project={project} range={range} flow={flow} choose={choose} />
      {asked.data ? <Shown data={asked.data} zoom={zoom} choose={choose} /> : asked.error ? <Failed error={asked.error} onRetry={() => void asked.refetch()} what="figures about runs" /> : <Loading />}
    </div>
  );
}

/** What is looked at, as the address says it; a part of the time only as long as its range is. */
function useChoice() {
  const navigate = useNavigate({ from: "/monitoring/performance" });
  return (next: Choice) =>
    void navigate({
      search: (before) => {
        const { flow, range } = { ...before, ...next };
        const kept = "range" in next ? undefined : "zoom" in next ? next.zoom : zoomOf(before.since, before.until);
        return { ...(range && range !== "day" ? { range } : {}), ...(flow ? { flow } : {}), ...kept };
      },
      replace: true,
    });
}

function Choices({ project, range, flow, choose }: { project: string; range: Range; flow: string; choose: (next: Choice) => void }) {
  const may = useMay()("flows.read");
  const { data } = useQuery({ ...flowsQuery(project), enabled: may });
  const flows = data?.items ?? [];
  const known = flow === "" || flows.some((line) => line.id === flow);
  const options = [{ value: "", label: "All flows" }, ...flows.map((line) => ({ value: line.id, label: nameOf(line) })), ...(known ? [] : [{ value: flow, label: flow }])];
  return (
    <div className="flex flex-wrap items-center gap-2">
      {may ? <Select label="Flow" size="md" value={flow} onChange={(next) => choose({ flow: next })} options={options} className="w-52" /> : null}
      <Segments label="Time range" value={range} onChange={(next) => choose({ range: next })} options={Object.entries(RANGES).map(([value, { label }]) => ({ value: value as Range, label }))} />
    </div>
  );
}

function Shown({ data, zoom, choose }: { data: Analytics; zoom: Zoom | undefined; choose: (next: Choice) => void }) {
  const [at, setAt] = useState<number>();
  return (
    <>
      <Figures data={data} />
      <OverTime data={data} zoom={zoom} onZoom={(next) => choose({ zoom: next })} at={at} onAt={setAt} />
      <LatencyMap data={data} at={at} />
    </>
  );
}
