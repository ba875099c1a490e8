import { useQuery } from "@tanstack/react-query";
import { ReactFlowProvider } from "@xyflow/react";
import { useMemo, useState } from "react";
import { Select } from "@/components/ui/select";
import { Empty, Failed, Loading } from "@/components/ui/states";
import { placeAll, visible } from "@/canvas/model/layout";
import { statesOf } from "@/canvas/model/steps";
import type { FlowActions } from "@/canvas/view/actions";
import { FlowCanvas } from "@/canvas/view/canvas";
import { BLANK, FlowDocument } from "@/document";
import { api, body, type Schemas } from "@/lib/api";
import { placeQuery, type Run, textQuery } from "../data";
import { useFollowed } from "../live/follow";
import type { Step } from "./tree";

interface Props {
  run: Run;
  steps: Step[];
  chosen: string | undefined;
  onChoose: (path: string) => void;
  onOpen: (path: string) => void;
}

const nothing = () => {};
const NO_FILES: Schemas["TestFile"][] = [];

/** The flow as it was when it ran, with the state of each step. */
export default function GraphView({ run, steps, chosen, onChoose, onOpen }: Props) {
  const { happened } = useFollowed();
  const text = useQuery(textQuery(run.run, happened.records.filter(({ type }) => type === "rebased").length));
  const { data: place } = useQuery(placeQuery(run.run, run.flow));
  const canvas = useQuery({
    queryKey: ["flow", place?.flow, "canvas"],
    enabled: Boolean(place?.flow),
    queryFn: async () => (await body(api.GET("/api/flows/{id}", { params: { path: { id: place?.flow ?? "" } } }))).canvas,
  });
  const files = text.data ?? NO_FILES;
  const [name, setName] = useState("");
  const file = files.find((one) => one.name === name) ?? files[0];
  const projection = useMemo(() => (file ? new FlowDocument(file.name, file.text).state.projection : undefined), [file]);
  const [collapsed, setCollapsed] = useState<ReadonlySet<string>>(new Set());
  const shown = useMemo(() => (projection ? visible(projection, collapsed) : undefined), [projection, collapsed]);
  // Where its author has put the steps, as far as they are still the same.
  const drawn = useMemo(() => ({ ...BLANK, ...(canvas.data as Partial<typeof BLANK> | null | undefined) }), [canvas.data]);
  const places = useMemo(() => (projection && shown ? placeAll(projection, shown, drawn) : undefined), [projection, shown, drawn]);
  const states = useMemo(() => (projection ? statesOf(projection, steps) : undefined), [projection, steps]);
  if (text.isError) return <Failed error={text.error} onRetry={() => void text.refetch()} what="the text of this run" />;
  if (text.isPending) return <Loading label="Drawing the flow" />;
  if (!projection || !shown || !places || !states || projection.nodes.length === 0) return <Empty title="Nothing to draw">The text that this run runs under has no steps that can be drawn. They are all under “Steps”.</Empty>;
  const keyed = [...states].find(([, state]) => state.path === chosen)?.[0];
  const actions: FlowActions = {
    collapse: (key) => {
      const next = new Set(collapsed);
      if (!next.delete(key)) next.add(key);
      setCollapsed(next);
    },
    addAfter: nothing,
    insert: nothing,
    note: nothing,
  };
  const pathOf = (key: string | undefined) => (key === undefined ? undefined : states.get(key)?.path);
  return (
    <div className="flex h-full min-h-100 flex-col gap-2">
      {files.length > 1 ? <Select size="sm" label="File" value={file?.name ?? ""} onChange={setName} options={files.map((one) => ({ value: one.name, label: one.name }))} className="self-start" /> : null}
      <div role="region" aria-label="The run as a graph" className="min-h-0 flex-1 overflow-hidden rounded-lg border border-line bg-surface">
        <ReactFlowProvider>
          <FlowCanvas
            projection={projection}
            shown={shown}
            places={places}
            canvas={drawn}
            selected={new Set(keyed === undefined ? [] : [keyed])}
            collapsed={collapsed}
            states={states}
            readOnly
            keyless
            actions={actions}
            onSelect={(keys) => {
              // Of several, the one that was marked last.
              const path = keys.map(pathOf).findLast((one) => one !== undefined && one !== chosen);
              if (path !== undefined) onChoose(path);
            }}
            onOpen={(key) => {
              const path = pathOf(key);
              if (path !== undefined) onOpen(path);
            }}
          />
        </ReactFlowProvider>
      </div>
    </div>
  );
}
