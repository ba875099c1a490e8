import { useMutation } from "@tanstack/react-query";
import { CirclePause, CirclePlay, CircleX, RotateCcw, X } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/ui/button";
import { Confirm, Dialog } from "@/components/ui/dialog";
import { toast } from "@/components/ui/toast";
import { useMay } from "@/features/session/data";
import { api, body, type Schemas } from "@/lib/api";
import { isOpen, type RunLine } from "../data";
import { FAILED } from "./search";

type Action = "cancel" | "pause" | "resume" | "retry";
type BulkLine = Schemas["BulkLine"];

const WORDS: Record<Action, { label: string; done: string; fits: (line: RunLine) => boolean; says: string }> = {
  cancel: { label: "Cancel", done: "cancelled", fits: isOpen, says: "Steps that are under way are stopped. A cancelled run does not go on; it can be forked." },
  pause: { label: "Pause", done: "paused", fits: (line) => isOpen(line) && line.status !== "paused", says: "Nothing new is started until they are resumed. What is under way is finished." },
  resume: { label: "Resume", done: "resumed", fits: (line) => line.status === "paused", says: "They go on where they were held." },
  retry: { label: "Retry failed steps", done: "taken up again", fits: (line) => FAILED.includes(line.status), says: "Each goes on at the step that failed, under the version it ran under. What was finished is not done again." },
};

interface Props {
  lines: RunLine[];
  chosen: ReadonlySet<string>;
  onChosen: (chosen: ReadonlySet<string>) => void;
  onDone: () => void;
}

/** What can be done to the runs that are chosen. */
export function BulkBar({ lines, chosen, onChosen, onDone }: Props) {
  const may = useMay();
  const [action, setAction] = useState<Action>();
  const [failed, setFailed] = useState<BulkLine[]>([]);
  const picked = lines.filter(({ run }) => chosen.has(run));
  const fitting = action ? picked.filter(WORDS[action].fits) : [];
  const act = useMutation({
    mutationFn: (wanted: Action) => inParts(wanted, fitting.map(({ run }) => run)),
    onSuccess: (done, wanted) => {
      const wrong = done.filter(({ ok }) => !ok);
      if (done.length > wrong.length) toast.done(`${done.length - wrong.length} of ${done.length} runs ${WORDS[wanted].done}`);
      setFailed(wrong);
      setAction(undefined);
      onChosen(new Set());
    },
    onSettled: onDone,
  });
  if (!may("runs.control")) return null;
  return (
    <>
      {picked.length > 0 ? (
        <div className="flex min-h-11 shrink-0 flex-wrap items-center gap-2 border-b border-line bg-accent-soft px-4 py-1.5">
          <span className="text-base font-medium tabular" role="status">
            {picked.length.toLocaleString()} chosen
          </span>
          {(Object.keys(WORDS) as Action[]).map((one) => {
            const count = picked.filter(WORDS[one].fits).length;
            return count > 0 ? (
              <Button key={one} size="sm" onClick={() => setAction(one)}>
                <Sign action={one} />
                {WORDS[one].label} ({count})
              </Button>
            ) : null;
          })}
          <Button size="sm" look="quiet" className="ms-auto" onClick={() => onChosen(new Set())}>
            <X aria-hidden />
            Choose none
          </Button>
        </div>
      ) : null}
      <Confirm
        open={action !== undefined}
        onOpenChange={(open) => !open && setAction(undefined)}
        title={action ? `${WORDS[action].label}: ${fitting.length} ${fitting.length === 1 ? "run" : "runs"}?` : ""}
        action={action ? WORDS[action].label : ""}
        danger={action === "cancel"}
        busy={act.isPending}
        onConfirm={() => action && act.mutate(action)}
      >
        {action ? WORDS[action].says : null}
      </Confirm>
      <Refused lines={failed} onClose={() => setFailed([])} />
    </>
  );
}

function Sign({ action }: { action: Action }) {
  const Icon = { cancel: CircleX, pause: CirclePause, resume: CirclePlay, retry: RotateCcw }[action];
  return <Icon aria-hidden />;
}

/** The server takes so many at a time. */
const MOST = 500;

async function inParts(action: Action, runs: string[]): Promise<BulkLine[]> {
  const done: BulkLine[] = [];
  for (let at = 0; at < runs.length; at += MOST) {
    const answer = await body(api.POST("/api/runs/bulk", { body: { runs: runs.slice(at, at + MOST), action } }));
    done.push(...answer.items);
  }
  return done;
}

export function Refused({ lines, onClose }: { lines: BulkLine[]; onClose: () => void }) {
  return (
    <Dialog open={lines.length > 0} onOpenChange={(open) => !open && onClose()} title={`${lines.length} ${lines.length === 1 ? "run was" : "runs were"} left as they are`} footer={<Button onClick={onClose}>Close</Button>}>
      <ul className="flex flex-col gap-2">
        {lines.map((line) => (
          <li key={line.run} className="text-base">
            <a href={`/runs/${line.run}`} className="font-mono text-sm text-accent-ink hover:underline">
              {line.run}
            </a>
            <span className="block text-muted wrap-anywhere">
              {line.problem} {line.code ? <span className="font-mono text-sm">{line.code}</span> : null}
            </span>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
