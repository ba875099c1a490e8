import { useMemo, useState } from "react";
import { SearchInput } from "@/components/ui/input";
import { ChoiceIcon } from "./choice-icon";
import { type Choice, searchChoices } from "./offers";

/** What a choice is called while it is dragged. */
export const DRAGGED = "application/x-weir-step";

/** Everything that can be put into the flow: clicked, or dragged onto the canvas or an edge. */
export function Palette({ choices, onAdd }: { choices: readonly Choice[]; onAdd: (choice: Choice) => void }) {
  const [text, setText] = useState("");
  const found = useMemo(() => searchChoices(choices, text), [choices, text]);
  const categories = [...new Set(found.map((choice) => choice.category))];
  return (
    <>
      <div className="p-2">
        <SearchInput aria-label="Search steps to add" placeholder="Search steps" value={text} onChange={(event) => setText(event.target.value)} />
      </div>
      <div className="min-h-0 flex-1 overflow-auto px-2 pb-3" tabIndex={-1}>
        {categories.map((category) => (
          <section key={category} aria-label={category}>
            <h3 className="px-1.5 pt-2 pb-1 text-xs font-medium text-muted">{category}</h3>
            {found.filter((choice) => choice.category === category).map((choice) => (
              <button
                key={choice.id}
                type="button"
                draggable
                title={choice.summary}
                className="flex h-7 w-full items-center gap-2 rounded-md px-1.5 text-start text-base hover:bg-hover"
                onClick={() => onAdd(choice)}
                onDragStart={(event) => {
                  event.dataTransfer.setData(DRAGGED, choice.id);
                  event.dataTransfer.effectAllowed = "copy";
                }}
              >
                <ChoiceIcon icon={choice.icon} shape={choice.shape} className="size-3.5 shrink-0 text-muted" />
                <span className="truncate">{choice.title}</span>
              </button>
            ))}
          </section>
        ))}
        {found.length === 0 ? <p className="px-1.5 py-4 text-sm text-muted">Nothing is called so.</p> : null}
      </div>
    </>
  );
}
