import { AlignStartVertical, CircleSlash, Copy, Group, Package, Trash2 } from "lucide-react";
import { Button } from "@/components/ui/button";
import { Menu, MenuItem } from "@/components/ui/menu";
import { ARRANGED, type Arranged, type Edits } from "./actions";
import type { Builder } from "./state";

/** What can be done with several steps, where they were selected. */
export function SelectionBar({ builder, edits }: { builder: Builder; edits: Edits }) {
  const { document: doc, setOver } = builder;
  if (edits.keys.length < 2) return null;
  const graph = doc.dialect.flowOf !== undefined;
  const takes = graph || doc.dialect.name === "tree";
  return (
    <div role="toolbar" aria-label="Selected steps" className="absolute start-1/2 bottom-3 flex -translate-x-1/2 items-center gap-1 rounded-md border border-line-strong bg-raised p-1 shadow-pop">
      <span className="px-2 text-sm whitespace-nowrap text-muted">{edits.keys.length} steps</span>
      {takes ? <Button look="quiet" size="sm" onClick={() => setOver({ what: "extract" })}><Package aria-hidden />{graph ? "Make sub-flow" : "Make sub-tree"}</Button> : null}
      <Button look="quiet" size="sm" onClick={() => void edits.group()}><Group aria-hidden />Group</Button>
      <Menu trigger={<Button look="quiet" size="sm"><AlignStartVertical aria-hidden />Arrange</Button>}>
        {(Object.keys(ARRANGED) as Arranged[]).map((how) => <MenuItem key={how} onSelect={() => void edits.arrange(how)}>{ARRANGED[how]}</MenuItem>)}
      </Menu>
      <Button look="quiet" size="sm" onClick={() => void edits.duplicate()}><Copy aria-hidden />Duplicate</Button>
      {takes ? <Button look="quiet" size="sm" onClick={edits.disable}><CircleSlash aria-hidden />Disable or enable</Button> : null}
      <Button look="quiet" size="sm" onClick={() => edits.remove(false)}><Trash2 aria-hidden />Delete</Button>
    </div>
  );
}
