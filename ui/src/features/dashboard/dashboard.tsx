import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { PageBody, PageHeader } from "@/components/ui/page";
import { Select } from "@/components/ui/select";
import { Skeleton } from "@/components/ui/skeleton";
import { Failed, Forbidden } from "@/components/ui/states";
import { Segments } from "@/components/ui/tabs";
import { type FlowLine, nameOf } from "@/features/flows/data";
import { useMay } from "@/features/session/data";
import { type Analytics, analyticsQuery, RANGES, type Range } from "./data";
import { Deployments } from "./deployments";
import { Figures } from "./figures";
import { LatencyMap } from "./latency-map";
import { SlowestSteps, TopErrors } from "./lists";
import { RunsChart } from "./runs-chart";

export function Dashboard({ flows, project }: { flows: FlowLine[]; project: string }) {
  const may = useMay();
  const { range = "day", flow = "" } = useSearch({ from: "/_app/" });
  const asked = useQuery({ ...analyticsQuery({ range, project, flow }), enabled: may("runs.read") });
  return (
    <>
      <PageHeader title="Dashboard" description={project ? `Project ${project}` : "All projects"} actions={<Choices flows={flows} range={range} flow={flow} />} />
      <PageBody className="flex flex-col gap-4">
        {may("runs.read") ? <Content data={asked.data} look={{ ...(range === "day" ? {} : { range }), ...(flow ? { flow } : {}) }} error={asked.error} onRetry={() => void asked.refetch()} /> : <Forbidden what="figures about runs" />}
        {may("flows.read") && !flow ? <Deployments flows={flows} /> : null}
      </PageBody>
    </>
  );
}

function Choices({ flows, range, flow }: { flows: FlowLine[]; range: Range; flow: string }) {
  const navigate = useNavigate({ from: "/" });
  const set = (next: { range?: Range; flow?: string }) =>
    void navigate({
      search: (before) => {
        const { flow: chosen, range: shown } = { ...before, ...next };
        return { ...(shown && shown !== "day" ? { range: shown } : {}), ...(chosen ? { flow: chosen } : {}) };
      },
      replace: true,
    });
  const options = flows.map((line) => ({ value: line.id, label: nameOf(line) }));
  const known = flow === "" || flows.some((line) => line.id === flow);
  return (
    <>
      <Select
        label="Flow"
        size="md"
        value={flow}
        onChange={(next) => set({ flow: next })}
        options={[{ value: "", label: "All flows" }, ...options, ...(known ? [] : [{ value: flow, label: flow }])]}
        className="w-52"
      />
      <Segments label="Time range" value={range} onChange={(next) => set({ range: next })} options={Object.entries(RANGES).map(([value, { label }]) => ({ value: value as Range, label }))} />
    </>
  );
}

function Content({ data, look, error, onRetry }: { data: Analytics | undefined; look: { range?: Range; flow?: string }; error: unknown; onRetry: () => void }) {
  if (!data) return error ? <Failed error={error} onRetry={onRetry} what="figures about runs" /> : <Placeholders />;
  return (
    <>
      <Figures data={data} />
      <div className="grid gap-4 xl:grid-cols-2">
        <RunsChart data={data} look={look} />
        <LatencyMap data={data} />
      </div>
      <div className="grid items-start gap-4 xl:grid-cols-2">
        <SlowestSteps data={data} />
        <TopErrors data={data} />
      </div>
    </>
  );
}

function Placeholders() {
  return (
    <div role="status" aria-label="Loading" className="flex flex-col gap-4">
      <Skeleton className="h-20" />
      <div className="grid gap-4 xl:grid-cols-2">
        <Skeleton className="h-64" />
        <Skeleton className="h-64" />
      </div>
    </div>
  );
}
