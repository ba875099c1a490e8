import { Download } from "lucide-react";
import { useMemo } from "react";
import { Button } from "@/components/ui/button";
import { CopyButton } from "@/components/ui/copy";
import { download } from "@/lib/download";
import { isMap, type Json } from "@/document";
import { DRAGGED_REFERENCE } from "./fields";

/** As much of a value as is shown, in characters. */
const SHOWN = 40_000;

/** A value of a run. Its fields can be dragged into parameters where `expression` says how they are named. */
export function ValueView({ value, name, expression }: { value: Json; name: string; expression?: string | undefined }) {
  const text = useMemo(() => JSON.stringify(value, null, 2) ?? "null", [value]);
  return (
    <div className="flex flex-col gap-1.5">
      {expression && isMap(value) ? (
        <ul className="flex flex-wrap gap-1">
          {Object.keys(value).slice(0, 40).map((key) => (
            // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- the menu at each parameter is the way by keys
            <li
              key={key}
              draggable
              className="cursor-grab rounded-sm border border-line-strong px-1.5 font-mono text-xs"
              title={`Drag it into a parameter: ${expression}.${key}`}
              onDragStart={(event) => event.dataTransfer.setData(DRAGGED_REFERENCE, /^[A-Za-z_$][\w$]*$/.test(key) ? `${expression}.${key}` : `${expression}[${JSON.stringify(key)}]`)}
            >
              {key}
            </li>
          ))}
        </ul>
      ) : null}
      <pre className="max-h-72 overflow-auto rounded-md border border-line bg-sunken p-2 font-mono text-xs whitespace-pre-wrap wrap-anywhere" tabIndex={0} aria-label={name}>
        {text.slice(0, SHOWN)}
        {text.length > SHOWN ? "\n…" : ""}
      </pre>
      <div className="flex gap-2">
        <CopyButton text={text.slice(0, 1_000_000)} />
        {text.length > SHOWN ? (
          <Button size="sm" onClick={() => download(`${name}.json`, text)}>
            <Download aria-hidden />
            {`All ${Math.ceil(text.length / 1000)} kB`}
          </Button>
        ) : null}
      </div>
    </div>
  );
}
