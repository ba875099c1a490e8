import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Ban, CirclePause, CirclePlay, Download, Ellipsis, GitCompareArrows, RotateCcw } from "lucide-react";
import { useEffect, useState } from "react";
import { Button, IconButton } from "@/components/ui/button";
import { CopyButton } from "@/components/ui/copy";
import { Dialog } from "@/components/ui/dialog";
import { Field, Input } from "@/components/ui/input";
import { Menu, MenuItem } from "@/components/ui/menu";
import { Moment } from "@/components/ui/moment";
import { RunState } from "@/components/ui/status";
import { toast } from "@/components/ui/toast";
import { useCommands } from "@/features/commands/commands";
import { useMay } from "@/features/session/data";
import { api, body } from "@/lib/api";
import { download } from "@/lib/download";
import { useTicking } from "@/lib/ticking";
import { isOpen, placeQuery, type Run, useAsk } from "../data";
import { took } from "../list/rows";
import { FAILED, TRIGGERS } from "../list/search";
import { useFollowed } from "../live/follow";
import { CompareDialog } from "./compare-dialog";
import { useRetry } from "./retry";
import { zip } from "./zip";

export function RunHeader({ run }: { run: Run }) {
  const { happened, state } = useFollowed();
  const { data: place } = useQuery(placeQuery(run.run, run.flow));
  const open = isOpen(run);
  const now = useTicking(open);
  useEffect(() => {
    document.title = `${run.flow}: ${run.status} · Weir`;
  }, [run.flow, run.status]);
  return (
    <header className="px-6 pt-5 pb-4">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <h1 className="min-w-0 truncate text-xl font-semibold tracking-tight" title={run.flow}>
          {place?.flow ? (
            <Link to="/flows/$flow" params={{ flow: place.flow }} className="hover:underline">
              <bdi>{run.flow}</bdi>
            </Link>
          ) : (
            <bdi>{run.flow}</bdi>
          )}
        </h1>
        <span role="status" aria-label="State of the run">
          <RunState state={run.status} />
        </span>
        {open && state === "reading" ? <span className="text-sm text-muted">Live</span> : null}
        <Actions run={run} />
      </div>
      <dl className="mt-2 flex flex-wrap gap-x-6 gap-y-1 text-sm [&_dt]:text-muted [&>div]:flex [&>div]:items-center [&>div]:gap-1.5">
        <div>
          <dt>Run</dt>
          <dd className="flex items-center gap-1.5 font-mono">
            {run.run}
            <CopyButton text={run.run} label="Copy the run's id" />
          </dd>
        </div>
        <div>
          <dt>{open ? "For" : "Took"}</dt>
          <dd className="tabular" data-testid="duration">
            {took(run, now)}
          </dd>
        </div>
        <div>
          <dt>Began</dt>
          <dd>
            <Moment at={run.createdAt} />
          </dd>
        </div>
        <div>
          <dt>Started by</dt>
          <dd>{run.trigger ? (TRIGGERS[run.trigger.type] ?? run.trigger.type) : "–"}</dd>
        </div>
        <div>
          <dt>Version</dt>
          <dd className="font-mono" title={run.version}>
            {run.version.slice(0, 10)}
          </dd>
        </div>
        <Origin first={happened.records[0]?.payload} />
      </dl>
    </header>
  );
}

/** Where a fork, or a run that another called, comes from. */
function Origin({ first }: { first: unknown }) {
  const { from, seq, origin } = (first ?? {}) as { from?: string; seq?: number; origin?: { run?: string } };
  const parent = from ?? origin?.run;
  if (!parent) return null;
  return (
    <div>
      <dt>{from ? "Fork of" : "Called by"}</dt>
      <dd>
        <Link to="/runs/$run" params={{ run: parent }} className="font-mono text-accent-ink underline underline-offset-2">
          {parent.slice(-12)}
        </Link>
        {seq ? ` after event ${seq}` : null}
      </dd>
    </div>
  );
}

function Actions({ run }: { run: Run }) {
  const may = useMay();
  const ask = useAsk(run.run);
  const retry = useRetry(run.run);
  const [cancelling, setCancelling] = useState(false);
  const [comparing, setComparing] = useState(false);
  const open = isOpen(run);
  const control = may("runs.control");
  useCommands("run", [
    ...(control && open ? [{ id: "run-cancel", title: "Cancel this run", section: "Run", keys: "Mod+.", run: () => setCancelling(true) }] : []),
    { id: "run-test", title: "Save this run as a test", section: "Run", run: () => void saveAsTest(run) },
    { id: "run-compare", title: "Compare with another run", section: "Run", run: () => setComparing(true) },
  ]);
  return (
    <div className="ms-auto flex flex-wrap items-center gap-2">
      {control && open && run.status !== "paused" ? (
        <Button busy={ask.isPending && ask.variables.do === "pause"} onClick={() => ask.mutate({ do: "pause" })}>
          <CirclePause aria-hidden />
          Pause
        </Button>
      ) : null}
      {control && run.status === "paused" ? (
        <Button look="primary" busy={ask.isPending && ask.variables.do === "resume"} onClick={() => ask.mutate({ do: "resume" })}>
          <CirclePlay aria-hidden />
          Resume
        </Button>
      ) : null}
      {control && open ? (
        <Button onClick={() => setCancelling(true)}>
          <Ban aria-hidden />
          Cancel
        </Button>
      ) : null}
      {control && FAILED.includes(run.status) ? (
        <Button busy={retry.isPending} onClick={() => retry.mutate()}>
          <RotateCcw aria-hidden />
          Retry from the failed step
        </Button>
      ) : null}
      <Menu
        align="end"
        trigger={
          <IconButton label="More for this run" look="plain">
            <Ellipsis aria-hidden />
          </IconButton>
        }
      >
        <MenuItem icon={<Download />} onSelect={() => void saveAsTest(run)}>
          Save as test
        </MenuItem>
        <MenuItem icon={<GitCompareArrows />} onSelect={() => setComparing(true)}>
          Compare with another run
        </MenuItem>
      </Menu>
      <CancelDialog open={cancelling} onClose={() => setCancelling(false)} busy={ask.isPending} onCancel={(reason) => ask.mutate({ do: "cancel", reason }, { onSettled: () => setCancelling(false) })} />
      <CompareDialog run={run} open={comparing} onClose={() => setComparing(false)} />
    </div>
  );
}

/** The folder of a test, as an archive. */
async function saveAsTest(run: Run): Promise<void> {
  try {
    const { files } = await body(api.GET("/api/runs/{run}/test", { params: { path: { run: run.run } } }));
    download(`${run.flow}-test.zip`, zip(files), "application/zip");
    toast.say("The test is saved", "Unpack it into a folder; `weir test FOLDER` runs it and asks nothing outside.");
  } catch (error) {
    toast.failed(error);
  }
}

function CancelDialog({ open, onClose, busy, onCancel }: { open: boolean; onClose: () => void; busy: boolean; onCancel: (reason: string) => void }) {
  const [reason, setReason] = useState("");
  const footer = (
    <>
      <Button onClick={onClose}>Let it go on</Button>
      <Button look="danger" busy={busy} onClick={() => onCancel(reason)}>
        Cancel the run
      </Button>
    </>
  );
  return (
    <Dialog open={open} onOpenChange={(is) => !is && onClose()} title="Cancel this run?" description="Steps that are under way are stopped. A cancelled run does not go on; it can be forked." size="sm" footer={footer}>
      <Field label="Why" hint="Kept in its events. It may be left out.">
        {(tied) => <Input {...tied} value={reason} onChange={(event) => setReason(event.target.value)} maxLength={500} />}
      </Field>
    </Dialog>
  );
}
