import { CircleAlert, CircleCheck, Info, TriangleAlert } from "lucide-react";
import type { Found } from "./use-check";

const LOOKS = { error: [CircleAlert, "text-bad-ink"], warning: [TriangleAlert, "text-warn-ink"], info: [Info, "text-muted"] } as const;

/** Everything that is wrong; a click goes there. */
export function Problems({ problems, onGo }: { problems: readonly Found[]; onGo: (problem: Found) => void }) {
  if (problems.length === 0) {
    return (
      <p className="flex items-center gap-2 px-4 py-3 text-base text-muted">
        <CircleCheck className="size-4 text-ok-ink" aria-hidden />
        Nothing is wrong with this flow.
      </p>
    );
  }
  return (
    <ul aria-label="Problems" className="max-h-44 overflow-auto py-1">
      {problems.map((problem) => {
        const [Icon, ink] = LOOKS[problem.severity];
        return (
          <li key={`${problem.from} ${problem.code} ${problem.message}`}>
            <button type="button" className="flex w-full items-start gap-2 px-4 py-1 text-start text-base hover:bg-hover" onClick={() => onGo(problem)}>
              <Icon className={`mt-0.5 size-3.5 shrink-0 ${ink}`} aria-label={problem.severity} />
              <span className="min-w-0 flex-1 wrap-anywhere">
                {problem.message}
                {problem.help ? <span className="text-muted"> — {problem.help}</span> : null}
              </span>
              <span className="shrink-0 text-sm text-muted">{problem.file || `line ${problem.line}`}</span>
              {problem.code ? <span className="shrink-0 font-mono text-xs text-muted">{problem.code}</span> : null}
            </button>
          </li>
        );
      })}
    </ul>
  );
}
