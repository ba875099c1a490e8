import { useCallback } from "react";
import { CodeEditor } from "@/components/code/code-editor";
import { Button } from "@/components/ui/button";
import { Sheet } from "@/components/ui/dialog";
import { Findings, keepForWidgets, Wrong } from "./findings";
import type { Around } from "./place";
import { jsonAdviceOn, jsonCompletionsAt } from "./types";
import { useFound, useNamesAt } from "./use-names";

/** Of which type a JSON value is to be: that of a name, as it is at a place of the flow. */
export interface Typed {
  around: Around;
  offset: number;
  wanted: string;
}

interface SheetProps {
  label: string;
  text: string;
  /** Why the text cannot be taken. */
  wrong: string;
  typed: Typed;
  readOnly: boolean;
  onChange: (text: string) => void;
  onClose: () => void;
}

/** A JSON value in an editor that knows which members it is to have. */
export default function JsonSheet({ label, text, wrong, typed: { around, offset, wanted }, readOnly, onChange, onClose }: SheetProps) {
  const names = useNamesAt(around, offset);
  const found = useFound(text, useCallback((now: string) => jsonAdviceOn(names, now, wanted), [names, wanted]));
  const markers = wrong ? [] : found;
  return (
    <Sheet open onOpenChange={(open) => !open && onClose()} onEscape={keepForWidgets} size="lg" title={label} description="JSON: members and values are offered as you type." footer={<Button look="primary" onClick={onClose}>Done</Button>}>
      <div className="flex h-full flex-col gap-3">
        <div className="min-h-40 flex-1 overflow-hidden rounded-md border border-line-strong focus-within:ring-2 focus-within:ring-ring">
          <CodeEditor field value={text} language="json" label={`${label}. Tab leaves the editor, Escape closes it.`} readOnly={readOnly} markers={markers} onChange={onChange} complete={(now, at) => jsonCompletionsAt(names, now, at, wanted)} />
        </div>
        <Wrong text={wrong} />
        <Findings markers={markers} />
      </div>
    </Sheet>
  );
}
