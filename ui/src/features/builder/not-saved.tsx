import { Link } from "@tanstack/react-router";
import { Button } from "@/components/ui/button";
import type { Failure } from "@/lib/failure";
import type { Draft } from "./draft";

/** What somebody can do about a draft that could not be saved, by what was in the way. */
function advice({ kind, retryAfter }: Failure): string {
  switch (kind) {
    case "forbidden":
      return "Your changes stay in this browser. Download the text, or ask an administrator for a role that may change flows.";
    case "limit":
      return "Your changes stay in this browser, and are saved with the next one once there is room again.";
    case "slow-down":
      return retryAfter ? `It is saved by itself in ${retryAfter} s.` : "It is saved by itself in a moment.";
    case "not-found":
      return "Somebody has deleted it, or taken it from you. Download the text to keep what you have.";
    default:
      return "Your changes stay in this browser until they can be saved.";
  }
}

/** Why the draft is not on the server. That the server is away is told by a banner of its own. */
export function NotSaved({ draft, onDownload }: { draft: Draft; onDownload: () => void }) {
  const { problem } = draft;
  if (draft.save !== "failed" || !problem || problem.kind === "gone" || problem.kind === "signed-out") return null;
  return (
    <div role="alert" className="flex flex-wrap items-center gap-3 border-b border-line bg-bad-soft px-4 py-2 text-base text-bad-ink">
      <p className="min-w-60 flex-1">
        <span className="font-medium">Not saved. {problem.title}.</span> {problem.message} {advice(problem)}
      </p>
      {problem.kind === "limit" ? <Link to="/settings/usage" className="underline">Usage and limits</Link> : null}
      <Button size="sm" onClick={() => void draft.flush()}>Try again</Button>
      <Button size="sm" look="quiet" onClick={onDownload}>Download the text</Button>
    </div>
  );
}
