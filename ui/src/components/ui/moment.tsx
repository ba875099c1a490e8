import { useNow } from "@/lib/now";
import { ago, moment } from "@/lib/time";

/** A time as it is from now, with the exact one at hand. */
export function Moment({ at, className }: { at: string; className?: string }) {
  const now = useNow();
  return (
    <time dateTime={at} title={moment(at)} className={className}>
      {ago(at, now)}
    </time>
  );
}
