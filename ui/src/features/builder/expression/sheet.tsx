import { useCallback, useState } from "react";
import { CodeEditor, type Marker } from "@/components/code/code-editor";
import { expressionAt } from "@/components/code/language/template";
import { Button } from "@/components/ui/button";
import { Sheet } from "@/components/ui/dialog";
import type { Path } from "@/document";
import { type FormContext, Preview } from "../fields";
import { Findings, keepForWidgets, Wrong } from "./findings";
import { type Around, isWhole, problemsIn, startOf } from "./place";
import { adviceOn, callAt, completionsAt, hintAt, type Names, together } from "./types";
import { useFound, useNamesAt } from "./use-names";

interface SheetProps {
  name: string;
  value: string;
  path: Path;
  around: Around;
  context: FormContext;
  /** Why the value cannot be taken. */
  wrong: string;
  onChange: (text: string) => void;
  onClose: () => void;
}

/** A parameter in an editor that knows the types of everything an expression can name where it stands. */
export default function ExpressionSheet(props: SheetProps) {
  const { name, value, path, around, context, wrong, onChange, onClose } = props;
  const whole = isWhole(name);
  const names = useNames(props, whole);
  const markers = together(problemsIn(around, path, value), useAdvice(names, value, whole));
  const footer = <Button look="primary" onClick={onClose}>Done</Button>;
  return (
    <Sheet open onOpenChange={(open) => !open && onClose()} onEscape={keepForWidgets} size="lg" title={name} description={whole ? "An expression: names, members and methods are offered as you type." : "Text with expressions between {{ and }}: names, members and methods are offered as you type."} footer={footer}>
      <div className="flex h-full flex-col gap-3">
        <div className="min-h-40 flex-1 overflow-hidden rounded-md border border-line-strong focus-within:ring-2 focus-within:ring-ring">
          <CodeEditor
            field
            value={value}
            language={whole && !value.includes("{{") ? "expression" : "template"}
            label={`${name}. Tab leaves the editor, Escape closes it.`}
            readOnly={context.readOnly}
            markers={markers}
            onChange={onChange}
            complete={(text, at) => completionsAt(names, text, at, whole)}
            hint={(text, at) => hintAt(names, text, at, whole)}
            call={(text, at) => callAt(names, text, at, whole)}
          />
        </div>
        <Wrong text={wrong} />
        <Findings markers={markers} />
        {context.run && value.includes("{{") ? <div aria-live="polite"><Preview template={value} run={context.run} step={context.step} /></div> : null}
      </div>
    </Sheet>
  );
}

/** The names at the place of the value, as it was when it was opened: what is written in it changes none of them. */
function useNames({ value, path, around }: SheetProps, whole: boolean): Names {
  const [offset] = useState(() => {
    const start = startOf(around, path, value);
    const first = expressionAt(value, Math.max(0, value.indexOf("{{") + 2), whole)?.from ?? 0;
    return start === undefined ? around.rangeOf(path)[0] : start + first;
  });
  return useNamesAt(around, offset);
}

function useAdvice(names: Names, value: string, whole: boolean): readonly Marker[] {
  return useFound(value, useCallback((text: string) => adviceOn(names, text, whole), [names, whole]));
}
