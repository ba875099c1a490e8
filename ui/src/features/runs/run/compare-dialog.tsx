import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { Dialog } from "@/components/ui/dialog";
import { Field, SearchInput } from "@/components/ui/input";
import { Moment } from "@/components/ui/moment";
import { SkeletonRows } from "@/components/ui/skeleton";
import { Empty, Failed } from "@/components/ui/states";
import { RunState } from "@/components/ui/status";
import { api, body } from "@/lib/api";
import { useSettled } from "@/lib/settled";
import { placeQuery, type Run } from "../data";

/** Which run another is put beside: those of the same flow first. */
export function CompareDialog({ run, open, onClose }: { run: Run; open: boolean; onClose: () => void }) {
  return (
    <Dialog open={open} onOpenChange={(is) => !is && onClose()} title="Compare with another run" description="Both are shown side by side, with what differs between them.">
      <Choose run={run} onClose={onClose} />
    </Dialog>
  );
}

function Choose({ run, onClose }: { run: Run; onClose: () => void }) {
  const navigate = useNavigate();
  const [typed, setTyped] = useState("");
  const text = useSettled(typed.trim(), 250);
  const { data: place } = useQuery(placeQuery(run.run, run.flow));
  const asked = useQuery({
    queryKey: ["runs", "beside", run.run, text, place?.flow],
    enabled: place !== undefined,
    queryFn: () => body(api.GET("/api/runs", { params: { query: { limit: 20, ...(text ? { text } : place?.flow ? { flow: place.flow } : {}) } } })),
  });
  const others = asked.data?.items.filter((one) => one.run !== run.run);
  return (
    <>
      <Field label="Search">{(tied) => <SearchInput {...tied} placeholder="An id, a flow, an error or an output" value={typed} onChange={(event) => setTyped(event.target.value)} />}</Field>
      <div className="mt-3 h-72 overflow-auto rounded-md border border-line">
        {asked.isError ? <Failed error={asked.error} onRetry={() => void asked.refetch()} what="runs" /> : null}
        {!others && !asked.isError ? <SkeletonRows rows={5} /> : null}
        {others?.length === 0 ? <Empty title="No other run">{text ? "None matches." : "This flow has no other run yet."}</Empty> : null}
        {others?.map((one) => (
          <button
            key={one.run}
            type="button"
            className="flex w-full items-center gap-3 border-b border-line px-3 py-2 text-start last:border-0 hover:bg-hover"
            onClick={() => {
              onClose();
              void navigate({ to: "/runs/compare", search: { a: run.run, b: one.run } });
            }}
          >
            <RunState state={one.status} />
            <span className="min-w-0 flex-1 truncate">
              <bdi>{one.flow}</bdi> <span className="font-mono text-xs text-muted">{one.run.slice(-12)}</span>
            </span>
            <Moment at={one.createdAt} className="shrink-0 text-sm text-muted" />
          </button>
        ))}
      </div>
    </>
  );
}
