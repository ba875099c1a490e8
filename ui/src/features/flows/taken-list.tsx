import type { Taken } from "@/document/foreign/n8n";

/** What of an export of another program came along, and what did not. */
export function TakenList({ taken }: { taken: Taken }) {
  const lists: [string, string[]][] = [
    ["Stand there as placeholders; open each and choose what it does", taken.placeholders],
    ["Did not come along", taken.lost],
  ];
  return (
    <div className="flex flex-col gap-3 text-base">
      <p>
        {taken.whole} of {taken.whole + taken.placeholders.length} steps do what they did. n8n runs a step for every item; here it runs once, with all that flows in. Try the flow before it is switched on.
      </p>
      {lists.filter(([, names]) => names.length > 0).map(([title, names]) => (
        <section key={title} aria-label={title}>
          <h3 className="mb-1 text-sm font-medium text-muted">{title}</h3>
          <ul className="max-h-48 overflow-auto rounded-md border border-line px-3 py-1.5 text-sm" dir="auto">
            {[...new Set(names)].map((name) => <li key={name} className="wrap-anywhere">{name}</li>)}
          </ul>
        </section>
      ))}
    </div>
  );
}
