import { useInfiniteQuery } from "@tanstack/react-query";
import { Trash2, Undo2 } from "lucide-react";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Moment } from "@/components/ui/moment";
import { More } from "@/components/ui/pagination";
import { Empty, Shown } from "@/components/ui/states";
import { useMay } from "@/features/session/data";
import { useProject } from "@/features/session/place";
import { api, body } from "@/lib/api";
import { type DeletedFlow, nameOf, useRestoreFlow } from "./data";

/** Flows that were deleted lately, and the way back for each. */
export function DeletedDialog({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  return (
    <Dialog open={open} onOpenChange={onOpenChange} size="md" title="Deleted flows" description="A deleted flow can come back for 30 days, with its versions and triggers, switched off.">
      <List />
    </Dialog>
  );
}

function List() {
  const [project] = useProject();
  const asked = useInfiniteQuery({
    queryKey: ["flows", "deleted", project],
    queryFn: ({ pageParam }) => body(api.GET("/api/deleted-flows", { params: { query: { ...(project ? { project } : {}), ...(pageParam ? { after: pageParam } : {}) } } })),
    initialPageParam: "",
    getNextPageParam: (last) => last.next,
  });
  return (
    <Shown asked={asked} what="deleted flows">
      {({ pages }) => {
        const flows = pages.flatMap(({ items }) => items);
        if (flows.length === 0) return <Empty icon={<Trash2 aria-hidden />} title="Nothing was deleted lately">{project ? `In ${project}, no flow was deleted within 30 days.` : "No flow was deleted within 30 days."}</Empty>;
        return (
          <>
            <ul aria-label="Deleted flows" className="flex flex-col gap-2">
              {flows.map((flow) => (
                <Line key={flow.id} flow={flow} />
              ))}
            </ul>
            <More shown={flows.length} more={asked.hasNextPage} busy={asked.isFetchingNextPage} onMore={() => void asked.fetchNextPage()} noun={flows.length === 1 ? "flow" : "flows"} />
          </>
        );
      }}
    </Shown>
  );
}

function Line({ flow }: { flow: DeletedFlow }) {
  const restore = useRestoreFlow();
  const may = useMay();
  return (
    <li className="flex items-center gap-3 rounded-md border border-line px-3 py-2">
      <div className="min-w-0 flex-1">
        <p className="truncate font-medium" title={nameOf(flow)}>
          <bdi>{nameOf(flow)}</bdi>
        </p>
        <p className="text-sm text-muted wrap-anywhere">
          {flow.project} / {flow.name} · <Moment at={flow.deletedAt} /> by {flow.deletedBy} · gone for good <Moment at={flow.until} />
        </p>
      </div>
      {may("flows.write") ? (
        <Button size="sm" busy={restore.isPending} aria-label={`Bring back ${nameOf(flow)}`} onClick={() => restore.mutate(flow)}>
          <Undo2 aria-hidden />
          Bring back
        </Button>
      ) : null}
    </li>
  );
}
