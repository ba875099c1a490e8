import {
  Brain,
  CodeXml,
  Database,
  File,
  FilePlus,
  FileText,
  FlaskConical,
  Globe,
  Hourglass,
  type LucideIcon,
  Plug,
  Plus,
  Regex,
  Settings2,
  Share2,
  Shield,
  Shuffle,
  Sparkles,
  Terminal,
  Variable,
  Webhook,
} from "lucide-react";

/** The icons that records name; a plug for all others. */
const ICONS: Record<string, LucideIcon> = {
  brain: Brain,
  clock: Hourglass,
  code: CodeXml,
  database: Database,
  file: File,
  "file-plus": FilePlus,
  "file-text": FileText,
  flask: FlaskConical,
  globe: Globe,
  plus: Plus,
  regex: Regex,
  settings: Settings2,
  "share-2": Share2,
  shield: Shield,
  shuffle: Shuffle,
  sparkles: Sparkles,
  terminal: Terminal,
  variable: Variable,
  webhook: Webhook,
};

export function KindIcon({ icon, className }: { icon: string | null | undefined; className?: string }) {
  const Icon = ICONS[icon ?? ""] ?? Plug;
  return <Icon aria-hidden className={className} />;
}
