import { Button } from "./button";

/** Lists are asked for in parts; the next one is added to those that are shown. */
export function More({ shown, more, busy, onMore, noun }: { shown: number; more: boolean; busy: boolean; onMore: () => void; noun: string }) {
  return (
    <footer className="flex min-h-10 items-center justify-between gap-3 px-4 py-1.5 text-sm text-muted">
      <span className="tabular" role="status">
        {more ? `The first ${shown.toLocaleString()} ${noun}` : `${shown.toLocaleString()} ${noun}`}
      </span>
      {more ? (
        <Button size="sm" busy={busy} onClick={onMore}>
          Show more
        </Button>
      ) : null}
    </footer>
  );
}
