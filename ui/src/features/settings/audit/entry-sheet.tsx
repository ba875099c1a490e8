import { Button } from "@/components/ui/button";
import { CopyButton } from "@/components/ui/copy";
import { Sheet } from "@/components/ui/dialog";
import { moment } from "@/lib/time";
import { Action } from "./action";
import type { Entry } from "./data";
import { type Difference, differences } from "./diff";
import type { Name } from "./names";

/** One change: who, where, and what differs. */
export function EntrySheet({ entry, name, onClose, onTarget }: { entry: Entry; name: Name | undefined; onClose: () => void; onTarget: (target: string) => void }) {
  const found = differences(entry.before, entry.after);
  return (
    <Sheet
      open
      onOpenChange={onClose}
      size="lg"
      title={<Action action={entry.action} />}
      description={`${moment(entry.at)}, by ${entry.who}`}
      footer={<Button onClick={() => onTarget(entry.target)}>All changes of the same</Button>}
    >
      <dl className="mb-4 grid grid-cols-[max-content_1fr] gap-x-4 gap-y-1.5 text-base">
        <dt className="text-muted">Which</dt>
        <dd className="flex min-w-0 items-center gap-1">
          {name && name.text !== entry.target ? <bdi className="max-w-1/2 truncate" title={name.text}>{name.text}</bdi> : null}
          {name?.gone ? <span className="shrink-0 text-muted">(deleted)</span> : null}
          <code className="truncate font-mono text-sm">{entry.target}</code>
          <CopyButton text={entry.target} label="Copy the id" />
        </dd>
        <dt className="text-muted">From</dt>
        <dd>{entry.from || "Weir itself"}</dd>
      </dl>
      {found.length === 0 ? <p className="text-base text-muted">Values are not kept for this kind of change.</p> : <Differences found={found} />}
    </Sheet>
  );
}

function Differences({ found }: { found: Difference[] }) {
  return (
    <table className="w-full table-fixed border-collapse text-base">
      <thead>
        <tr className="text-xs text-muted">
          <th scope="col" className="w-40 pb-1 text-start font-medium">
            Where
          </th>
          <th scope="col" className="pb-1 text-start font-medium">
            Before
          </th>
          <th scope="col" className="pb-1 text-start font-medium">
            After
          </th>
        </tr>
      </thead>
      <tbody>
        {found.map(({ path, before, after }) => (
          <tr key={path} className="border-t border-line align-top">
            <th scope="row" className="py-1.5 pe-3 text-start font-mono text-sm font-normal wrap-anywhere">
              {path || "everything"}
            </th>
            <td className="py-1.5 pe-2">{before === undefined ? <Nothing /> : <Value text={before} look="bg-bad-soft text-bad-ink" />}</td>
            <td className="py-1.5">{after === undefined ? <Nothing /> : <Value text={after} look="bg-ok-soft text-ok-ink" />}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const Nothing = () => <span className="text-sm text-muted">–</span>;

function Value({ text, look }: { text: string; look: string }) {
  return (
    <pre dir="auto" tabIndex={0} className={`max-h-64 overflow-auto rounded-sm px-1.5 py-0.5 font-mono text-sm whitespace-pre-wrap wrap-anywhere ${look}`}>
      {text}
    </pre>
  );
}
