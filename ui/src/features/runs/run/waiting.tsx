import { Check, Hourglass, Send, X } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/ui/button";
import { Field, Input, Textarea } from "@/components/ui/input";
import { useMay } from "@/features/session/data";
import { exactJson } from "@/lib/exact";
import { duration } from "@/lib/time";
import { useTicking } from "@/lib/ticking";
import { isOpen, type Run, useAsk } from "../data";
import { useFollowed } from "../live/follow";
import { nameOf, type Step } from "../steps/tree";
import { type Wait, waits } from "./waits";

/** What the run waits for, and what can be done about it here. */
export function WaitingPanel({ run, steps }: { run: Run; steps: Step[] }) {
  const { happened } = useFollowed();
  const now = useTicking(isOpen(run));
  if (!isOpen(run)) return null;
  const all = waits(run, steps, happened.attempts);
  if (all.length === 0) return null;
  return (
    <section aria-label="What it waits for" className="max-h-[40%] shrink-0 overflow-auto rounded-lg border border-line bg-surface">
      <ul>
        {all.map((wait, at) => (
          <li key={keyOf(all, at)} className="flex flex-wrap items-start gap-x-4 gap-y-2 border-b border-line px-4 py-2.5 last:border-0">
            <Hourglass className="mt-1 size-4 shrink-0 text-wait-ink" aria-hidden />
            <div className="min-w-40 flex-1">
              <p className="text-base font-medium">{wordsOf(wait, now)}</p>
              {wait.path ? <p className="font-mono text-xs text-muted">{wait.path}</p> : null}
            </div>
            <Answer run={run.run} wait={wait} />
          </li>
        ))}
      </ul>
    </section>
  );
}

/**
 * The same before and after the steps are known, which the run is shown without at first: what somebody has begun to
 * type stays.
 */
function keyOf(all: readonly Wait[], at: number): string {
  const of = ({ sort, name, path }: Wait) => `${sort} ${name || path}`;
  const key = of(all[at] as Wait);
  return `${key} ${all.slice(0, at).filter((one) => of(one) === key).length}`;
}

/** With the time that is left, where `now` is given. */
export function wordsOf(wait: Wait, now?: number): string {
  const title = wait.title || nameOf(wait.path);
  const until = wait.until === undefined || now === undefined ? "" : `, ${wait.until > now ? `in ${duration(Math.ceil((wait.until - now) / 1_000) * 1_000)}` : "now"}`;
  switch (wait.sort) {
    case "approval":
      return `${title} waits for somebody's approval`;
    case "signal":
      return `${title} waits for the signal “${wait.name}”`;
    case "decision":
      return `Nobody knows how ${title} went: it may have happened, or not`;
    case "retry":
      return `${title} is tried again${until}${wait.attempt ? ` (attempt ${wait.attempt + 1})` : ""}${wait.why ? `: ${wait.why}` : ""}`;
    case "child":
      return `${title} waits for a flow that it has called`;
    case "timer":
      return `Goes on by itself${until}`;
  }
}

/** What can be said to it here, by whoever may. */
export function Answer({ run, wait }: { run: string; wait: Wait }) {
  const may = useMay();
  if (!may("runs.control")) return null;
  if (wait.sort === "approval") return <Approve run={run} name={wait.name} />;
  if (wait.sort === "signal") return <Signal run={run} name={wait.name} />;
  if (wait.sort === "decision") return <Decide run={run} path={wait.path} />;
  return null;
}

function Approve({ run, name }: { run: string; name: string }) {
  const ask = useAsk(run);
  const [comment, setComment] = useState("");
  const answer = (approved: boolean) => ask.mutate({ do: "approve", name, approved, comment });
  return (
    <div className="flex flex-wrap items-center gap-2">
      <Input aria-label="Comment" placeholder="Comment" value={comment} onChange={(event) => setComment(event.target.value)} className="w-56" />
      <Button busy={ask.isPending && !ask.variables} disabled={ask.isPending} onClick={() => answer(false)}>
        <X aria-hidden />
        Turn down
      </Button>
      <Button look="primary" disabled={ask.isPending} onClick={() => answer(true)}>
        <Check aria-hidden />
        Approve
      </Button>
    </div>
  );
}

function Signal({ run, name }: { run: string; name: string }) {
  const ask = useAsk(run);
  const [text, setText] = useState("null");
  const [error, setError] = useState("");
  const send = () => {
    try {
      ask.mutate({ do: "signal", name, payload: exactJson(text || "null") });
      setError("");
    } catch (wrong) {
      setError(wrong instanceof SyntaxError ? `This is not JSON: ${wrong.message}` : (wrong as Error).message);
    }
  };
  return (
    <div className="flex items-start gap-2">
      <Field label={<span className="sr-only">Payload of {name}, as JSON</span>} error={error || undefined}>
        {(tied) => <Textarea {...tied} rows={1} spellCheck={false} value={text} onChange={(event) => setText(event.target.value)} className="min-h-8 w-72 font-mono text-sm" />}
      </Field>
      <Button look="primary" className="mt-5.5" busy={ask.isPending} onClick={send}>
        <Send aria-hidden />
        Send signal
      </Button>
    </div>
  );
}

function Decide({ run, path }: { run: string; path: string }) {
  const ask = useAsk(run);
  return (
    <div className="flex flex-wrap gap-2">
      <Button disabled={ask.isPending} onClick={() => ask.mutate({ do: "decide", path, decision: "fail" })}>
        Count it as failed
      </Button>
      <Button look="primary" disabled={ask.isPending} onClick={() => ask.mutate({ do: "decide", path, decision: "retry" })}>
        Do it again
      </Button>
    </div>
  );
}
