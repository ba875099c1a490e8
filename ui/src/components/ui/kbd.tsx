import { cn } from "@/lib/cn";
import { shownKeys } from "@/lib/keys";

/** A shortcut such as `Mod+K`, with the keys as this machine names them; several presses stand behind each other. */
export function Kbd({ keys, className }: { keys: string; className?: string }) {
  return (
    <span className={cn("inline-flex items-center gap-1.5", className)}>
      {shownKeys(keys).map((press) => (
        <span key={press.join("+")} className="inline-flex items-center gap-0.5">
          {press.map((key) => (
            <kbd
              key={key}
              className="inline-flex h-4.5 min-w-4.5 items-center justify-center rounded-xs border border-line-strong bg-sunken px-1 font-sans text-xs text-muted"
            >
              {key}
            </kbd>
          ))}
        </span>
      ))}
    </span>
  );
}
