import { toast } from "@/components/ui/toast";
import { late, useReady } from "@/lib/late";

export const Inspector = late(() => import("./inspector"));
export const Outline = late(() => import("./outline"));
export const Dialogs = late(() => import("./dialogs"), { close: ({ onClose }) => onClose() });

/** Nobody opens a step or a dialog sooner than this without a click or a key before. */
const REST = 3_000;

const LATER = [Inspector, Outline, Dialogs, toast];

/** Asks for what is not seen at first as soon as somebody begins to work, and before the server could be gone. */
export const useLater = (): void => useReady(LATER, REST);
