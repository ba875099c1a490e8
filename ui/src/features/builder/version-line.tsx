import type { ReactNode } from "react";
import { Button } from "@/components/ui/button";
import { Moment } from "@/components/ui/moment";

interface LineProps {
  title: string;
  about?: string;
  at: string;
  /** What opens the comparison. */
  action: string;
  open: boolean;
  onOpen: (open: boolean) => void;
  /** Nothing where nobody may. */
  onRestore: (() => void) | undefined;
  children: ReactNode;
}

/** What the flow once was, with what differs while it is open. */
export function Line({ title, about = "", at, action, open, onOpen, onRestore, children }: LineProps) {
  return (
    <li className="rounded-md border border-line p-3">
      <div className="flex items-center gap-2">
        <div className="min-w-0 flex-1">
          <p className="font-medium">{title}</p>
          <p className="text-sm text-muted wrap-anywhere"><Moment at={at} /> {about}</p>
        </div>
        <Button size="sm" aria-expanded={open} onClick={() => onOpen(!open)}>{open ? "Hide" : action}</Button>
        {onRestore ? <Button size="sm" onClick={onRestore}>Restore</Button> : null}
      </div>
      {open ? children : null}
    </li>
  );
}
