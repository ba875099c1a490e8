import { Fragment, useMemo, useState } from "react";
import { Dialog } from "@/components/ui/dialog";
import { Input } from "@/components/ui/input";
import type { Shape } from "@/document";
import { cn } from "@/lib/cn";
import { ChoiceIcon } from "./choice-icon";
import { type Choice, searchChoices } from "./offers";
import { recentFirst } from "./recent";

export interface Item {
  id: string;
  title: string;
  summary: string;
  icon?: string | undefined;
  shape?: Shape | undefined;
  /** The heading it stands under; those of one heading follow each other. */
  group?: string | undefined;
}

/** A list that is searched by typing and chosen from with the arrow keys. */
export function Chooser<T extends Item>({ title, label, search, onChoose, onClose, empty }: { title: string; label: string; search: (text: string) => T[]; onChoose: (item: T) => void; onClose: () => void; empty: string }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const found = useMemo(() => search(text).slice(0, 80), [search, text]);
  const chosen = Math.min(at, found.length - 1);
  const choose = (item: T | undefined) => item && onChoose(item);
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()} title={title} size="sm">
      <Input
        // oxlint-disable-next-line jsx-a11y/no-autofocus -- the dialog is there to type in
        autoFocus
        role="combobox"
        aria-expanded
        aria-controls="chooser-list"
        aria-activedescendant={found[chosen] ? `chooser-${chosen}` : undefined}
        aria-label={label}
        placeholder={label}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
          if (step !== 0) setAt(Math.max(0, Math.min(found.length - 1, chosen + step)));
          else if (event.key === "Enter") choose(found[chosen]);
          else return;
          event.preventDefault();
        }}
      />
      <div id="chooser-list" role="listbox" aria-label={title} className="mt-2 max-h-80 overflow-auto">
        {found.map((item, index) => (
          <Fragment key={item.id}>
            {item.group && item.group !== found[index - 1]?.group ? <div role="presentation" className="px-2 pt-2 pb-1 text-xs font-medium text-muted" dir="auto">{item.group}</div> : null}
            <Row item={item} index={index} active={index === chosen} onChoose={() => choose(item)} onPoint={() => setAt(index)} />
          </Fragment>
        ))}
      </div>
      {found.length === 0 ? <p className="py-6 text-center text-base text-muted">{empty}</p> : null}
    </Dialog>
  );
}

function Row({ item, index, active, onChoose, onPoint }: { item: Item; index: number; active: boolean; onChoose: () => void; onPoint: () => void }) {
  return (
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- keys are the field's
    <div
      id={`chooser-${index}`}
      role="option"
      tabIndex={-1}
      aria-selected={active}
      ref={active ? (row) => row?.scrollIntoView({ block: "nearest" }) : undefined}
      className={cn("flex cursor-default items-start gap-2.5 rounded-md px-2 py-1.5", active && "bg-hover")}
      onClick={onChoose}
      onMouseMove={onPoint}
    >
      <ChoiceIcon icon={item.icon} shape={item.shape} className="mt-0.5 size-4 shrink-0 text-muted" />
      <span className="min-w-0 flex-1">
        <span className="block truncate text-base font-medium" dir="auto">{item.title}</span>
        <span className="block truncate text-sm text-muted" dir="auto">{item.summary}</span>
      </span>
    </div>
  );
}

export function Creator({ choices, onChoose, onClose }: { choices: readonly Choice[]; onChoose: (choice: Choice) => void; onClose: () => void }) {
  const search = useMemo(() => {
    const listed = recentFirst(choices);
    return (text: string) => searchChoices(listed, text);
  }, [choices]);
  return <Chooser title="Add a step" label="Search steps" search={search} onChoose={onChoose} onClose={onClose} empty="Nothing is called so." />;
}
