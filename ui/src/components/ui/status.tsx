import {
  Ban,
  CircleCheck,
  CircleDashed,
  CircleDot,
  CirclePause,
  CircleSlash,
  CircleX,
  Hourglass,
  type LucideIcon,
  LoaderCircle,
  Moon,
  TimerOff,
} from "lucide-react";
import { cn } from "@/lib/cn";
import { Badge, type Tone } from "./badge";

/** How a state looks everywhere: never by colour alone. */
export interface StateLook {
  label: string;
  icon: LucideIcon;
  tone: Tone;
  spins?: boolean;
}

/** States of runs, of their steps, and of deployments. */
const LOOKS: Record<string, StateLook> = {
  pending: { label: "Queued", icon: CircleDashed, tone: "plain" },
  running: { label: "Running", icon: LoaderCircle, tone: "busy", spins: true },
  waiting: { label: "Waiting", icon: Hourglass, tone: "wait" },
  paused: { label: "Paused", icon: CirclePause, tone: "warn" },
  succeeded: { label: "Succeeded", icon: CircleCheck, tone: "ok" },
  failed: { label: "Failed", icon: CircleX, tone: "bad" },
  cancelled: { label: "Cancelled", icon: Ban, tone: "plain" },
  timed_out: { label: "Timed out", icon: TimerOff, tone: "bad" },
  skipped: { label: "Skipped", icon: CircleSlash, tone: "plain" },
};

const DEPLOYMENT: Record<string, StateLook> = {
  stopped: { label: "Off", icon: CircleDashed, tone: "plain" },
  starting: { label: "Starting", icon: LoaderCircle, tone: "busy", spins: true },
  running: { label: "On", icon: CircleDot, tone: "ok" },
  asleep: { label: "On, asleep", icon: Moon, tone: "ok" },
  error: { label: "In error", icon: CircleX, tone: "bad" },
};

const unknown = (state: string): StateLook => ({ label: state, icon: CircleDashed, tone: "plain" });

export const runLook = (state: string): StateLook => LOOKS[state] ?? unknown(state);
export const deploymentLook = (state: string): StateLook => DEPLOYMENT[state] ?? unknown(state);

const INK: Record<Tone, string> = {
  plain: "text-muted",
  outline: "text-muted",
  accent: "text-accent-ink",
  ok: "text-ok-ink",
  bad: "text-bad-ink",
  warn: "text-warn-ink",
  busy: "text-busy-ink",
  wait: "text-wait-ink",
};

export function StateIcon({ look, className }: { look: StateLook; className?: string }) {
  const Icon = look.icon;
  return <Icon aria-hidden className={cn("size-3.5 shrink-0", INK[look.tone], look.spins && "animate-spin", className)} />;
}

function StateBadge({ look }: { look: StateLook }) {
  return (
    <Badge tone={look.tone}>
      <StateIcon look={look} />
      {look.label}
    </Badge>
  );
}

export const RunState = ({ state }: { state: string }) => <StateBadge look={runLook(state)} />;

export const DeploymentState = ({ state, asleep = false }: { state: string; asleep?: boolean }) => (
  <StateBadge look={deploymentLook(asleep && state === "running" ? "asleep" : state)} />
);
