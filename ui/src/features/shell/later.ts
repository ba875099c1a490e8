import { toast } from "@/components/ui/toast";
import { openKeys, openPalette } from "@/features/commands/commands";
import { late } from "@/lib/late";

export const Palette = late(() => import("@/features/commands/palette"), { close: () => openPalette(false) });
export const KeySheet = late(() => import("@/features/commands/sheet"), { close: () => openKeys(false) });

/** What is asked for once somebody begins to work, on whichever page. */
export const LATER = [Palette, KeySheet, toast];
