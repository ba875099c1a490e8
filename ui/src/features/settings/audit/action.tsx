import { Badge, type Tone } from "@/components/ui/badge";

const TONES: [RegExp, Tone][] = [
  [/\.(deleted|revoked|removed|withdrawn)$/, "bad"],
  [/\.created$/, "ok"],
];

export function Action({ action }: { action: string }) {
  const tone = TONES.find(([is]) => is.test(action))?.[1] ?? "plain";
  return (
    <Badge tone={tone} className="truncate font-mono">
      {action}
    </Badge>
  );
}
