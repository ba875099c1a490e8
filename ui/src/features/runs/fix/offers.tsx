import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CircleCheck, CircleSlash, CircleX, GitPullRequestClosed, type LucideIcon, Play } from "lucide-react";
import { useState } from "react";
import { Badge, type Tone } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Confirm } from "@/components/ui/dialog";
import { More } from "@/components/ui/pagination";
import { Panel } from "@/components/ui/panel";
import { SkeletonRows } from "@/components/ui/skeleton";
import { Empty, Failed } from "@/components/ui/states";
import { toast } from "@/components/ui/toast";
import { Checkbox } from "@/components/ui/toggle";
import { api, body, type Schemas } from "@/lib/api";
import type { Offer, Run } from "../data";
import { Refused } from "../list/bulk";

const LOOKS: Record<string, { label: string; icon: LucideIcon; tone: Tone }> = {
  compatible: { label: "Can go on", icon: CircleCheck, tone: "ok" },
  diverges: { label: "Parts ways", icon: GitPullRequestClosed, tone: "warn" },
  ends_again: { label: "Ends again", icon: CircleX, tone: "bad" },
  refused: { label: "Not possible", icon: CircleSlash, tone: "plain" },
};

/** Which failed runs of the flow could go on under its draft, and where others part ways with it. */
export function Offers({ run, flow }: { run: Run; flow: string }) {
  const asked = useInfiniteQuery({
    queryKey: ["flow", flow, "fix", run.run],
    queryFn: ({ pageParam }) => body(api.POST("/api/flows/{id}/fix", { params: { path: { id: flow }, query: pageParam ? { after: pageParam } : {} }, body: { dryRun: true } })),
    initialPageParam: "",
    getNextPageParam: (last) => last.next ?? undefined,
    staleTime: 0,
    gcTime: 0,
  });
  const offers = asked.data?.pages.flatMap(({ items }) => items);
  return (
    <Panel title="2. See which runs could go on" hint="Nothing has been done yet: this is what would come of it.">
      {asked.isPending ? <SkeletonRows rows={3} /> : null}
      {asked.isError ? <Failed error={asked.error} onRetry={() => void asked.refetch()} what="these runs" /> : null}
      {offers?.length === 0 ? <Empty title="No failed run">No run of this flow has failed, or all have gone on.</Empty> : null}
      {offers && offers.length > 0 ? (
        <>
          <List run={run} flow={flow} offers={offers} />
          <div className="border-t border-line">
            <More shown={offers.length} more={asked.hasNextPage} busy={asked.isFetchingNextPage} onMore={() => void asked.fetchNextPage()} noun={offers.length === 1 ? "failed run" : "failed runs"} />
          </div>
        </>
      ) : null}
    </Panel>
  );
}

function List({ run, flow, offers }: { run: Run; flow: string; offers: Offer[] }) {
  const queries = useQueryClient();
  const fitting = offers.filter(({ verdict }) => verdict === "compatible");
  // The run one came from, where it can go on; all others are for whoever looks at them to choose.
  const [chosen, setChosen] = useState<ReadonlySet<string>>(() => new Set(fitting.filter((one) => one.run === run.run).map((one) => one.run)));
  const [asking, setAsking] = useState(false);
  const [refused, setRefused] = useState<Schemas["BulkLine"][]>([]);
  const picked = fitting.filter((one) => chosen.has(one.run));
  const compensated = [...new Set(picked.flatMap((one) => one.compensated))];
  const resume = useMutation({
    mutationFn: () => body(api.POST("/api/runs/bulk", { body: { runs: picked.map((one) => one.run), action: "fix", force: compensated.length > 0 } })),
    onSuccess: ({ items }) => {
      const done = items.filter(({ ok }) => ok).length;
      if (done > 0) toast.done(`${done} of ${items.length} ${items.length === 1 ? "run goes" : "runs go"} on under the mended flow`);
      setRefused(items.filter(({ ok }) => !ok));
      setChosen(new Set());
    },
    onSettled: () => {
      setAsking(false);
      void queries.invalidateQueries({ queryKey: ["flow", flow, "fix"] });
      void queries.invalidateQueries({ queryKey: ["run"] });
      void queries.invalidateQueries({ queryKey: ["runs"] });
    },
  });
  const choose = (id: string, on: boolean) => {
    const next = new Set(chosen);
    if (on) next.add(id);
    else next.delete(id);
    setChosen(next);
  };
  return (
    <>
      <div className="flex flex-wrap items-center gap-3 border-y border-line px-4 py-2">
        <label className="flex items-center gap-2 text-base">
          <Checkbox disabled={fitting.length === 0} checked={picked.length > 0 && picked.length === fitting.length ? true : picked.length > 0 ? "indeterminate" : false} onCheckedChange={(on) => setChosen(on === true ? new Set(fitting.map((one) => one.run)) : new Set())} />
          {fitting.length.toLocaleString()} can go on
        </label>
        <Button look="primary" className="ms-auto" disabled={picked.length === 0} busy={resume.isPending} onClick={() => setAsking(true)}>
          <Play aria-hidden />
          {picked.length === 0 ? "Resume" : `Resume ${picked.length.toLocaleString()} ${picked.length === 1 ? "run" : "runs"}`}
        </Button>
      </div>
      <ul aria-label="Failed runs">
        {offers.map((offer) => (
          <OfferLine key={offer.run} offer={offer} own={offer.run === run.run} chosen={chosen.has(offer.run)} onChoose={(on) => choose(offer.run, on)} />
        ))}
      </ul>
      <Confirm open={asking} onOpenChange={setAsking} title={`Resume ${picked.length} ${picked.length === 1 ? "run" : "runs"}?`} action="Resume" danger={compensated.length > 0} busy={resume.isPending} onConfirm={() => resume.mutate()}>
        They go on under the draft, at the steps that are named, and call what these steps call.
        {compensated.length > 0 ? <p className="mt-2 text-bad-ink">These steps ran because of the failure, and are not undone: {compensated.join(", ")}.</p> : null}
      </Confirm>
      <Refused lines={refused} onClose={() => setRefused([])} />
    </>
  );
}

function OfferLine({ offer, own, chosen, onChoose }: { offer: Offer; own: boolean; chosen: boolean; onChoose: (on: boolean) => void }) {
  const look = LOOKS[offer.verdict] ?? { label: offer.verdict, icon: CircleSlash, tone: "plain" as Tone };
  const Icon = look.icon;
  const fits = offer.verdict === "compatible";
  const at = offer.paths.join(", ");
  return (
    <li className="flex items-start gap-3 border-b border-line px-4 py-2 text-base last:border-0">
      <span className="mt-0.5 w-4 shrink-0">{fits ? <Checkbox aria-label={`Choose run ${offer.run}`} checked={chosen} onCheckedChange={(on) => onChoose(on === true)} /> : null}</span>
      <span className="w-28 shrink-0">
        <Badge tone={look.tone}>
          <Icon aria-hidden />
          {look.label}
        </Badge>
      </span>
      <span className="min-w-0 flex-1">
        <Link to="/runs/$run" params={{ run: offer.run }} className="font-mono text-sm text-accent-ink hover:underline">
          {offer.run}
        </Link>
        {own ? <span className="ms-2 text-sm text-muted">the run you came from</span> : null}
        <span className="block text-sm text-muted wrap-anywhere">
          {fits ? `Goes on at ${at || "its end"}.` : at ? `At ${at}: ` : ""}
          {fits ? "" : (offer.why ?? "")}
          {offer.compensated.length > 0 ? ` Ran because of the failure: ${offer.compensated.join(", ")}.` : ""}
        </span>
      </span>
    </li>
  );
}
