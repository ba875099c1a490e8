import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Panel } from "@/components/ui/panel";
import { Failed, Loading, Shown } from "@/components/ui/states";
import { DeploymentState } from "@/components/ui/status";
import { nameOf } from "@/features/flows/data";
import { api, body } from "@/lib/api";
import { Failure } from "@/lib/failure";

/** Flows that have a step of this kind. */
export function UsedBy({ kind }: { kind: string }) {
  const asked = useQuery({
    queryKey: ["flows", "of kind", kind],
    queryFn: () => body(api.GET("/api/kinds/{kind}/flows", { params: { path: { kind } } })),
  });
  if (asked.error && Failure.of(asked.error).kind !== "forbidden") return <Failed error={asked.error} onRetry={() => void asked.refetch()} />;
  return (
    <Panel title="Used by">
      <Shown asked={asked} loading={<Loading />} what="flows">
        {({ items, more }) => (
          <div className="px-4 pt-1 pb-3">
            {items.length === 0 ? <p className="text-base text-muted">No flow has a step of this kind yet.</p> : null}
            <ul className="flex flex-col gap-1.5">
              {items.map((flow) => (
                <li key={flow.id} className="flex items-center gap-2">
                  <Link to="/flows/$flow" params={{ flow: flow.id }} className="min-w-0 flex-1 truncate text-base font-medium hover:underline" dir="auto">
                    {nameOf(flow)}
                  </Link>
                  <DeploymentState state={flow.status.status} asleep={flow.status.asleep} />
                </li>
              ))}
            </ul>
            {more ? <p className="mt-2 text-sm text-muted">There are more; search the list of flows for the name of the kind.</p> : null}
          </div>
        )}
      </Shown>
    </Panel>
  );
}
