import { useQuery } from "@tanstack/react-query";
import { Braces, Maximize2 } from "lucide-react";
import { useEffect, useId, useRef, useState } from "react";
import { Button, IconButton } from "@/components/ui/button";
import { Field, Input, Textarea } from "@/components/ui/input";
import { Menu, MenuItem, MenuLabel } from "@/components/ui/menu";
import { Select } from "@/components/ui/select";
import { isMap, type Json, type Path } from "@/document";
import type { FieldRecord } from "@/features/catalogue/data";
import { api, body } from "@/lib/api";
import { DRAGGED_REFERENCE } from "@/lib/dragged";
import { Failure } from "@/lib/failure";
import { late } from "@/lib/late";
import type { Typed } from "./expression/json-sheet";
import type { Around } from "./expression/place";
import { readAs, readJson } from "./read-as";
import type { Reference } from "./refs";
import { useRested } from "./use-check";

/** What a form is told of where its step stands. */
export interface FormContext {
  /** Gives why a value is refused; then it is not in the text. */
  set: (path: Path, value: Json | undefined) => string | undefined;
  references: readonly Reference[];
  /** The run and the step whose values expressions are tried on. */
  run: string | undefined;
  step: string | undefined;
  readOnly: boolean;
  around: Around;
}

const { Part: ExpressionSheet } = late(() => import("./expression/sheet"), { close: ({ onClose }) => onClose() });
const { Part: JsonSheet } = late(() => import("./expression/json-sheet"), { close: ({ onClose }) => onClose() });

/** A field for each parameter of a record, and for everything else that is written. */
export function RecordForm({ fields, values, path, context }: { fields: Record<string, FieldRecord>; values: Json; path: Path; context: FormContext }) {
  const given = isMap(values) ? values : {};
  const others = Object.keys(given).filter((name) => !(name in fields));
  const first = Object.keys(fields).filter((name) => fields[name]?.required || name in given);
  // Where nothing has to be set, and nothing is, all is shown, and stays while the first of it is set.
  const [more, setMore] = useState(first.length === 0);
  const rest = Object.keys(fields).filter((name) => !first.includes(name));
  const shown = [...(more ? Object.keys(fields) : first), ...others];
  return (
    <div className="flex flex-col gap-3">
      {shown.map((name) => (
        <ValueField key={name} name={name} field={fields[name] ?? { type: "any" }} value={given[name]} path={[...path, name]} context={context} />
      ))}
      {!more && rest.length > 0 ? (
        <Button look="link" size="sm" className="self-start" onClick={() => setMore(true)}>
          {`${rest.length} more parameters`}
        </Button>
      ) : null}
    </div>
  );
}

const isTemplate = (value: Json | undefined): value is string => typeof value === "string" && value.includes("{{");

function ValueField({ name, field, value, path, context }: { name: string; field: FieldRecord; value: Json | undefined; path: Path; context: FormContext }) {
  const set = (next: Json | undefined) => context.set(path, next);
  const [wrong, setWrong] = useState("");
  const label = (
    <>
      {name}
      {field.required ? <span className="text-muted"> (needed)</span> : null}
    </>
  );
  const hint = field.description?.trim().split("\n")[0];
  const choices = field.type === "boolean" ? [true, false] : field.values;
  return (
    <Field label={label} hint={<Hint hint={hint} value={value} context={context} />} error={wrong || undefined}>
      {(tied) =>
        choices && !isTemplate(value) ? (
          <Select
            {...tied}
            className="w-full"
            disabled={context.readOnly}
            value={value === undefined ? "" : JSON.stringify(value)}
            onChange={(next) => setWrong(set(next === "" ? undefined : (JSON.parse(next) as Json)) ?? "")}
            options={[{ value: "", label: field.default === undefined ? "Not set" : `Not set: ${JSON.stringify(field.default)}` }, ...choices.map((one) => ({ value: JSON.stringify(one), label: String(one) }))]}
          />
        ) : (
          <TextField tied={tied} field={field} value={value} set={set} wrong={wrong} setWrong={setWrong} context={context} name={name} path={path} />
        )
      }
    </Field>
  );
}

function Hint({ hint, value, context }: { hint: string | undefined; value: Json | undefined; context: FormContext }) {
  return (
    <>
      {hint ? <span className="block">{hint}</span> : null}
      {isTemplate(value) && context.run ? <Preview template={value} run={context.run} step={context.step} /> : null}
    </>
  );
}

/** What a template gives with the values of a run. */
export function Preview({ template, run, step }: { template: string; run: string; step: string | undefined }) {
  const rested = useRested(template, 400);
  const { data, error } = useQuery({
    queryKey: ["preview", run, step, rested],
    queryFn: () => body(api.POST("/api/runs/{run}/preview", { params: { path: { run } }, body: { template: rested, ...(step ? { step } : {}) } })),
    retry: false,
    staleTime: 60_000,
  });
  const problem = (data?.diagnostics as { message: string }[] | undefined)?.[0]?.message ?? (error ? Failure.of(error).message : undefined);
  if (problem) return <span className="block text-warn-ink wrap-anywhere">{problem}</span>;
  if (!data) return null;
  return <span className="block truncate font-mono text-xs text-ok-ink" title="With the values of the last run">{`= ${JSON.stringify(data.value) ?? "nothing"}`.slice(0, 300)}</span>;
}

/** How a value is written in a field: texts as they are, everything else as JSON. */
const shownAs = (value: Json | undefined): string => (value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value, null, isMap(value) || Array.isArray(value) ? 2 : 0));

/** An editor over the page, and the button that opened it, which has the focus again afterwards. */
function useLarge() {
  const [large, setLarge] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);
  const close = () => {
    setLarge(false);
    setTimeout(() => opener.current?.focus(), 0);
  };
  return { large, setLarge, opener, close };
}

interface TextFieldProps {
  tied: { id: string };
  field: FieldRecord;
  value: Json | undefined;
  set: (value: Json | undefined) => string | undefined;
  /** Why what is written in it cannot be taken. */
  wrong: string;
  setWrong: (wrong: string) => void;
  context: FormContext;
  name: string;
  path: Path;
}

/** Takes a value, or says why not. */
type Written = (value: Json | undefined) => string | undefined | void;

/**
 * Tells where a value becomes another one than any that was written, while that is `kept`: somebody has changed it
 * elsewhere, and the next key is not to take that back. Gives what writes a value, and tells why it was refused; values come
 * back in their order, but a render may be late, with one from before. What was written is kept as it is when the field is
 * left: written anew it could be taller, and what is clicked would move away.
 */
function useElsewhere(value: Json | undefined, kept: boolean, changed: () => void): (next: Json | undefined, set: Written) => string | undefined {
  const seen = useRef(JSON.stringify(value));
  const coming = useRef<(string | undefined)[]>([]);
  useEffect(() => {
    const now = JSON.stringify(value);
    if (now === seen.current) return;
    seen.current = now;
    const at = coming.current.indexOf(now);
    coming.current = coming.current.slice(at < 0 ? coming.current.length : at + 1);
    if (at < 0 && kept) changed();
  });
  return (next, set) => {
    const written = JSON.stringify(next);
    const before = coming.current;
    if (written !== (before.length > 0 ? before.at(-1) : seen.current)) coming.current = [...before, written];
    const refused = set(next) ?? undefined;
    // It never comes.
    if (refused !== undefined) coming.current = before;
    return refused;
  };
}

function TextField({ tied, field, value, set, wrong, setWrong, context, name, path }: TextFieldProps) {
  const [own, setOwn] = useState<string>();
  const [before, setBefore] = useState<Json>();
  const { large, setLarge, opener, close } = useLarge();
  const element = useRef<HTMLTextAreaElement & HTMLInputElement>(null);
  const shown = own ?? shownAs(value);
  const write = useElsewhere(value, own !== undefined, () => {
    setOwn(undefined);
    setWrong("");
  });
  const put = (text: string) => {
    const start = own === undefined ? value : before;
    if (own === undefined) begin();
    setOwn(text);
    const read = readAs(text, field.type, value);
    // Of what cannot be taken nothing stays, no beginning of it either.
    const refused = write("wrong" in read ? start : read.value, set);
    setWrong("wrong" in read ? read.wrong : (refused ?? ""));
  };
  const rest = () => wrong === "" && setBefore(value);
  const insert = (expression: string) => {
    const [from, to] = [element.current?.selectionStart ?? shown.length, element.current?.selectionEnd ?? shown.length];
    const inside = shown.lastIndexOf("{{", from) > shown.lastIndexOf("}}", from - 1);
    put(`${shown.slice(0, from)}${inside ? expression : `{{ ${expression} }}`}${shown.slice(to)}`);
  };
  // Who types stays in the same field, however long it gets.
  const wanted = shown.includes("\n") || shown.length > 60 || field.type === "object" || field.type === "array";
  const [held, setHeld] = useState(wanted);
  const tall = own === undefined ? wanted : held;
  const begin = () => {
    setHeld(wanted);
    setBefore(value);
  };
  const shared = {
    ...tied,
    ref: element,
    value: shown,
    readOnly: context.readOnly,
    placeholder: field.default === undefined || field.default === null ? undefined : String(typeof field.default === "string" ? field.default : JSON.stringify(field.default)),
    onChange: (event: { target: { value: string } }) => put(event.target.value),
    onBlur: rest,
    // A field takes by itself only what is text.
    onDragOver: (event: React.DragEvent) => event.dataTransfer.types.includes(DRAGGED_REFERENCE) && !context.readOnly && event.preventDefault(),
    onDrop: (event: React.DragEvent) => {
      const expression = event.dataTransfer.getData(DRAGGED_REFERENCE);
      if (!expression || context.readOnly) return;
      event.preventDefault();
      insert(expression);
    },
  };
  return (
    <div className="flex items-start gap-1">
      {tall ? <Textarea {...shared} rows={Math.min(10, shown.split("\n").length + 1)} className="font-mono text-sm" /> : <Input {...shared} className="font-mono text-sm" />}
      {context.references.length > 0 && !context.readOnly ? <ReferenceMenu name={name} references={context.references} onChoose={insert} /> : null}
      <IconButton ref={opener} label={`Open ${name} in the editor`} size="icon" onClick={() => setLarge(true)}><Maximize2 aria-hidden /></IconButton>
      {large ? (
        <ExpressionSheet name={name} value={shown} path={path} around={context.around} context={context} wrong={wrong} onChange={put} onClose={() => { rest(); close(); }} />
      ) : null}
    </div>
  );
}

function ReferenceMenu({ name, references, onChoose }: { name: string; references: readonly Reference[]; onChoose: (expression: string) => void }) {
  return (
    <Menu align="end" trigger={<IconButton label={`Insert a value into ${name}`} size="icon"><Braces aria-hidden /></IconButton>}>
      <MenuLabel>Values of the last run</MenuLabel>
      {references.slice(0, 60).map(({ expression, value }) => (
        <MenuItem key={expression} onSelect={() => onChoose(expression)}>
          <span className="font-mono text-sm">{expression}</span> <span className="text-muted">{JSON.stringify(value).slice(0, 40)}</span>
        </MenuItem>
      ))}
    </Menu>
  );
}

/** Any value as JSON, in a text that is taken when it can be read; in an editor too where its type is known. */
export function JsonField({ label, value, onChange, onWrong, readOnly = false, typed }: { label: string; value: Json | undefined; onChange: Written; onWrong?: (wrong: boolean) => void; readOnly?: boolean; typed?: Typed }) {
  const [own, setOwn] = useState<string>();
  const { large, setLarge, opener, close } = useLarge();
  const id = useId();
  const shown = own ?? (value === undefined ? "" : JSON.stringify(value, null, 2));
  const [why, setWhy] = useState("");
  const wrong = why !== "";
  const tell = (message: string) => {
    setWhy(message);
    onWrong?.(message !== "");
  };
  const write = useElsewhere(value, own !== undefined, () => {
    setOwn(undefined);
    tell("");
  });
  const put = (text: string) => {
    setOwn(text);
    const read = text.trim() === "" ? { value: undefined } : readJson(text);
    tell("wrong" in read ? read.wrong : (write(read.value, onChange) ?? ""));
  };
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className="text-sm font-medium">{label}</label>
      <div className="flex items-start gap-1">
        <Textarea id={id} className="font-mono text-sm" rows={Math.min(12, shown.split("\n").length + 1)} readOnly={readOnly} aria-invalid={wrong || undefined} value={shown} onChange={({ target }) => put(target.value)} />
        {typed ? <IconButton ref={opener} label={`Open ${label} in the editor`} size="icon" onClick={() => setLarge(true)}><Maximize2 aria-hidden /></IconButton> : null}
      </div>
      {wrong ? <p className="text-sm text-bad-ink">{why}</p> : null}
      {large && typed ? (
        <JsonSheet label={label} text={shown} wrong={why} typed={typed} readOnly={readOnly} onChange={put} onClose={close} />
      ) : null}
    </div>
  );
}
