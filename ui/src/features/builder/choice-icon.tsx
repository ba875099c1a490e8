import { ICONS } from "@/canvas/view/node";
import type { Shape } from "@/document";
import { KindIcon } from "@/features/catalogue/kind-icon";

/** The icon of a kind's record, or that of the shape it will have. */
export function ChoiceIcon({ icon, shape, className }: { icon?: string | undefined; shape?: Shape | undefined; className: string }) {
  if (icon || !shape) return <KindIcon icon={icon} className={className} />;
  const Icon = ICONS[shape];
  return <Icon aria-hidden className={className} />;
}
