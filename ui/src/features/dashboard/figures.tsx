import { Tip } from "@/components/ui/tooltip";
import { amount, duration, money, percent } from "@/lib/time";
import type { Analytics } from "./data";

interface Figure {
  label: string;
  value: string;
  /** What it means, or what it was made from. */
  about: string;
  tone?: "bad" | "warn";
}

/** The row of figures above everything else. */
export function Figures({ data }: { data: Analytics }) {
  return (
    <dl className="grid grid-cols-[repeat(auto-fit,minmax(8.5rem,1fr))] gap-px overflow-hidden rounded-lg border border-line bg-surface [&>div]:outline [&>div]:outline-line">
      {figuresOf(data).map((figure) => (
        <Tip key={figure.label} text={figure.about}>
          <div className="bg-surface px-4 py-3">
            <dt className="text-sm text-muted">{figure.label}</dt>
            <dd className={figure.tone === "bad" ? "text-bad-ink" : figure.tone === "warn" ? "text-warn-ink" : undefined}>
              <span className="text-2xl font-semibold tracking-tight tabular">{figure.value}</span>
            </dd>
          </div>
        </Tip>
      ))}
    </dl>
  );
}

export function figuresOf(data: Analytics): Figure[] {
  const none = data.totalRuns === 0;
  const seconds = (Date.parse(data.until) - Date.parse(data.since)) / 1_000;
  const read = data.read.sampled ? `From ${amount(data.read.runs)} of ${amount(data.totalRuns)} runs.` : "From every run.";
  const took = (millis: number) => (none ? "–" : duration(millis));
  return [
    {
      label: "Success rate",
      value: none ? "–" : percent(data.successRate),
      about: "Runs that succeeded, of those that ended.",
      ...(none || data.successRate >= 0.99 ? {} : { tone: data.successRate < 0.9 ? ("bad" as const) : ("warn" as const) }),
    },
    { label: "Runs", value: amount(data.totalRuns), about: "Runs that ended in this time." },
    { label: "Throughput", value: none ? "–" : rate(data.totalRuns / seconds), about: "Runs that ended, on average." },
    { label: "p50", value: took(data.p50Duration), about: `Half of the runs took no longer. ${read}` },
    { label: "p95", value: took(data.p95Duration), about: `95 of 100 runs took no longer. ${read}` },
    { label: "p99", value: took(data.p99Duration), about: `99 of 100 runs took no longer. ${read}` },
    {
      label: "Cost",
      value: none ? "–" : money(data.totalCost),
      about: data.read.journals < data.totalRuns ? `Extrapolated from the journals of ${amount(data.read.journals)} runs.` : "As the journals say.",
    },
  ];
}

/** Runs in a second, as whatever unit makes a number one can read. */
export function rate(perSecond: number): string {
  if (perSecond >= 1) return `${perSecond.toFixed(1)}/s`;
  if (perSecond * 60 >= 1) return `${(perSecond * 60).toFixed(1)}/min`;
  return `${(perSecond * 3_600).toFixed(1)}/h`;
}
