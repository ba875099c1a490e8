import { Kbd } from "@/components/ui/kbd";
import { following, useCommandState } from "./commands";

/** After the first of two keys: what the second one may be. */
export function NextKey({ begun }: { begun: string }) {
  const lists = useCommandState((state) => state.lists);
  return (
    <dl className="fixed start-1/2 bottom-12 z-50 flex -translate-x-1/2 items-center gap-4 rounded-md border border-line-strong bg-raised px-3 py-2 shadow-pop rtl:translate-x-1/2">
      {following(lists, begun).map(({ keys, command }) => (
        <div key={command.id} className="flex items-center gap-2">
          <dt><Kbd keys={keys} /></dt>
          <dd>{command.title}</dd>
        </div>
      ))}
    </dl>
  );
}
