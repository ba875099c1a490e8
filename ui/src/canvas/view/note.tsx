import { type Node, type NodeProps, NodeResizer } from "@xyflow/react";
import { Pencil } from "lucide-react";
import { memo, useState } from "react";
import type { Note } from "@/document";
import { Markdown } from "@/features/templates/markdown";
import { cn } from "@/lib/cn";
import { useActions } from "./actions";

export interface NoteData extends Record<string, unknown> {
  note: Note;
  readOnly: boolean;
}

export type NoteNode = Node<NoteData, "note">;

const LOOKS: Record<Note["color"], string> = {
  yellow: "bg-warn-soft border-warn",
  blue: "bg-busy-soft border-busy",
  green: "bg-ok-soft border-ok",
  pink: "bg-bad-soft border-bad",
  plain: "bg-raised border-line-strong",
};
const COLORS = Object.keys(LOOKS) as Note["color"][];

/** A note for people. A double click, or Enter, edits it. */
export const NoteView = memo(function NoteView({ id, data, selected }: NodeProps<NoteNode>) {
  const { note, readOnly } = data;
  const actions = useActions();
  const [editing, setEditing] = useState(note.text === "" && !readOnly);
  const change = (changed: Partial<Note>) => actions.note(id.slice("note:".length), { ...note, ...changed });
  return (
    <div className={cn("size-full overflow-hidden rounded-md border p-2.5 text-ink", LOOKS[note.color])} onDoubleClick={() => !readOnly && setEditing(true)}>
      {selected && !readOnly ? (
        <NodeResizer minWidth={120} minHeight={60} lineClassName="border-ring!" onResizeEnd={(_, { x, y, width, height }) => change({ x, y, width, height })} />
      ) : null}
      {editing ? (
        <textarea
          // oxlint-disable-next-line jsx-a11y/no-autofocus -- whoever makes a note wants to write in it
          autoFocus
          aria-label="Text of the note"
          className="nodrag nowheel size-full resize-none bg-transparent outline-none"
          defaultValue={note.text}
          onFocus={({ target }) => target.setSelectionRange(target.value.length, target.value.length)}
          onBlur={(event) => {
            setEditing(false);
            if (event.target.value !== note.text) change({ text: event.target.value });
          }}
          onKeyDown={(event) => {
            if (event.key !== "Escape") return;
            const canvas = event.currentTarget.closest<HTMLElement>("[role=application][tabindex]");
            event.currentTarget.blur();
            canvas?.focus();
          }}
        />
      ) : (
        <Markdown text={note.text || "An empty note"} />
      )}
      {selected && !readOnly ? (
        <div className="nodrag absolute end-2 bottom-1.5 flex items-center gap-1">
          <button type="button" tabIndex={-1} data-edit-note aria-label="Edit the note" title="Edit the note (Enter)" className="flex size-4 items-center justify-center rounded-sm text-muted hover:text-ink" onClick={() => setEditing(true)}><Pencil className="size-3" aria-hidden /></button>
          {COLORS.map((color) => (
            <button key={color} type="button" tabIndex={-1} aria-label={`Make it ${color}`} aria-pressed={color === note.color} className={cn("size-4 rounded-full border", LOOKS[color])} onClick={() => change({ color })} />
          ))}
        </div>
      ) : null}
    </div>
  );
});
