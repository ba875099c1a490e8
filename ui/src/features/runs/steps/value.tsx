import { ChevronRight, Download } from "lucide-react";
import { useMemo, useState } from "react";
import { Button } from "@/components/ui/button";
import { CopyButton } from "@/components/ui/copy";
import { Segments } from "@/components/ui/tabs";
import { cn } from "@/lib/cn";
import { download } from "@/lib/download";
import { draggedAs } from "@/lib/dragged";
import { bytes } from "@/lib/time";
import { member } from "../machine/diff";
import { columnsOf, type Form, formsOf, schemaOf } from "./forms";

/** What is longer than this is shown in part, and can be downloaded. */
const LARGE = 262_144;
const LONG_TEXT = 2_000;
const MANY = 100;
/** As much of a text as is shown at once, in characters. */
const LONG_JSON = 40_000;
const LONG_CELL = 80;

interface Props {
  value: unknown;
  /** Its name, as an expression has it: `input`, `nodes.judge.output`. */
  name: string;
  /** The name of the file it is downloaded as. */
  file: string;
  empty?: string;
  className?: string;
  /** Its parts can be dragged into parameters: `name` is an expression there. */
  dragged?: boolean;
}

const FORMS: Record<Form, string> = { tree: "Tree", table: "Table", json: "JSON", schema: "Schema" };

/** A value as a tree, or in another form; paths can be copied, and what is large is shown in part. */
export function Value({ value, name, file, empty = "Nothing", className, dragged = false }: Props) {
  const [wanted, setWanted] = useState<Form>("tree");
  const forms = useMemo(() => formsOf(value), [value]);
  const form = forms.includes(wanted) ? wanted : "tree";
  const text = useMemo(() => JSON.stringify(value, null, 2) ?? "", [value]);
  if (value === undefined || value === null || text === "" || text === "{}") return <p className="px-3 py-2 text-base text-muted">{empty}</p>;
  const large = text.length > LARGE;
  return (
    <div className={cn("flex min-h-0 flex-col", className)}>
      <div className="flex flex-wrap items-center gap-1 border-b border-line px-3 py-1 text-xs text-muted">
        {forms.length > 0 ? <Segments<Form> label={`${name} as`} value={form} onChange={setWanted} options={forms.map((one) => ({ value: one, label: FORMS[one] }))} /> : null}
        <span className="tabular">{bytes(text.length)}</span>
        {large ? <span className="text-warn-ink">shown in part</span> : null}
        <span className="ms-auto flex items-center">
          {large ? null : <CopyButton text={typeof value === "string" ? value : text} label={`Copy ${name}`} />}
          <Button size="icon-sm" look="quiet" aria-label={`Download ${name}`} title={`Download ${name}`} onClick={() => download(`${file}.json`, text)}>
            <Download aria-hidden />
          </Button>
        </span>
      </div>
      <div className="min-h-0 flex-1 overflow-auto px-2 py-1.5 font-mono text-sm" tabIndex={0} role="group" aria-label={`${name}, as a ${form}`}>
        {form === "tree" ? <Node value={value} path={name} depth={0} open={!large} dragged={dragged} /> : null}
        {form === "table" ? <Rows value={value as Record<string, unknown>[]} path={name} dragged={dragged} /> : null}
        {form === "schema" ? <Schema value={value} path={name} dragged={dragged} /> : null}
        {form === "json" ? <pre className="whitespace-pre-wrap wrap-anywhere">{text.length > LONG_JSON ? `${text.slice(0, LONG_JSON)}\n…` : text}</pre> : null}
      </div>
    </div>
  );
}

/** A list of records with a row for each. */
function Rows({ value, path, dragged }: { value: Record<string, unknown>[]; path: string; dragged: boolean }) {
  const [count, setCount] = useState(MANY);
  const columns = useMemo(() => columnsOf(value), [value]);
  return (
    <>
      <table className="w-full border-collapse text-start">
        <thead>
          <tr className="text-muted">
            <th className="pe-3 text-end font-normal">#</th>
            {columns.map((column) => <th key={column} className="border-b border-line px-2 py-1 text-start font-medium text-ink"><bdi>{column}</bdi></th>)}
          </tr>
        </thead>
        <tbody>
          {value.slice(0, count).map((row, at) => (
            // oxlint-disable-next-line react/no-array-index-key -- rows of a value have no other name
            <tr key={at} className="hover:bg-hover">
              <td className="pe-3 text-end text-muted tabular">{at}</td>
              {columns.map((column) => (
                <td key={column} className={cn("max-w-64 truncate border-b border-line px-2 py-0.5", colour(row[column]))} dir="auto" {...(dragged ? draggedAs(member(`${path}[${at}]`, column)) : {})}>
                  {cell(row[column])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {value.length > count ? <Button size="sm" look="link" onClick={() => setCount(count + 10 * MANY)}>{(value.length - count).toLocaleString()} more</Button> : null}
    </>
  );
}

function cell(value: unknown): string {
  const text = value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value);
  return text.length > LONG_CELL ? `${text.slice(0, LONG_CELL)}…` : text;
}

/** What sort each part is. */
function Schema({ value, path, dragged }: { value: unknown; path: string; dragged: boolean }) {
  const parts = useMemo(() => schemaOf(value, path), [value, path]);
  if (parts.length === 0) return <p className="text-muted">It has no parts with names.</p>;
  return (
    <ul>
      {parts.map((part) => (
        <li key={part.path} className="group flex min-h-5.5 items-start gap-2" style={{ paddingInlineStart: Math.min(part.depth, 12) * 14 }}>
          <Label label={part.name} path={part.path} dragged={dragged} />
          <span className="text-muted">{part.sort}</span>
          <CopyPath path={part.path} />
        </li>
      ))}
    </ul>
  );
}

interface NodeProps {
  label?: string;
  value: unknown;
  path: string;
  depth: number;
  open: boolean;
  dragged: boolean;
}

function Node(props: NodeProps) {
  const { value } = props;
  return typeof value === "object" && value !== null ? <Inner {...props} value={value} /> : <Leaf {...props} />;
}

function Leaf({ label, value, path, dragged }: NodeProps) {
  const [whole, setWhole] = useState(false);
  const text = typeof value === "string" ? value : String(value);
  const cut = !whole && text.length > LONG_TEXT;
  // What would hold the page up is downloaded instead.
  const offered = cut && text.length <= LARGE;
  return (
    <div className="group flex min-h-5.5 items-start gap-1 ps-4.5">
      {label === undefined ? null : <Label label={label} path={path} dragged={dragged} />}
      <span className={cn("min-w-0 whitespace-pre-wrap wrap-anywhere", colour(value))} dir="auto">
        {cut ? `${text.slice(0, LONG_TEXT)}…` : text === "" ? "(empty)" : text}
        {offered ? (
          <Button look="link" size="sm" className="ms-1" onClick={() => setWhole(true)}>
            All {text.length.toLocaleString()} characters
          </Button>
        ) : null}
        {cut && !offered ? <span className="ms-1 text-muted">{text.length.toLocaleString()} characters: download it to see all</span> : null}
      </span>
      <CopyPath path={path} />
    </div>
  );
}

function colour(value: unknown): string {
  if (typeof value === "string") return "text-ok-ink";
  if (typeof value === "number") return "text-busy-ink";
  return typeof value === "boolean" ? "text-wait-ink" : "text-muted";
}

function Inner({ label, value, path, depth, open, dragged }: NodeProps & { value: object }) {
  const [shown, setShown] = useState(depth === 0 || (open && depth < 3));
  const [count, setCount] = useState(MANY);
  const list = Array.isArray(value);
  const entries = Object.entries(value);
  const summary = list ? `[${entries.length}]` : `{${entries.length}}`;
  return (
    <div>
      <div className="group flex min-h-5.5 items-start gap-1">
        <button type="button" aria-expanded={shown} aria-label={`${label ?? path} ${summary}`} className="flex items-start gap-1 rounded-xs" onClick={() => setShown(!shown)} {...(dragged && depth > 0 ? draggedAs(path) : {})}>
          <ChevronRight className={cn("mt-1 size-3.5 text-muted transition-transform", shown && "rotate-90")} aria-hidden />
          {label === undefined ? null : <Label label={label} path={path} dragged={false} />}
          <span className="text-muted">{summary}</span>
        </button>
        {depth > 0 ? <CopyPath path={path} /> : null}
      </div>
      {shown ? (
        <div className="ms-1.5 border-s border-line ps-2">
          {entries.slice(0, count).map(([key, inner]) => (
            <Node key={key} label={key} value={inner} path={member(path, list ? Number(key) : key)} depth={depth + 1} open={open} dragged={dragged} />
          ))}
          {entries.length > count ? (
            <Button size="sm" look="link" className="ms-4.5" onClick={() => setCount(count + 10 * MANY)}>
              {(entries.length - count).toLocaleString()} more
            </Button>
          ) : null}
        </div>
      ) : null}
    </div>
  );
}

const Label = ({ label, path, dragged }: { label: string; path: string; dragged: boolean }) => (
  <span className={cn("shrink-0 text-ink", dragged && "cursor-grab rounded-xs decoration-dotted underline-offset-3 hover:underline")} {...(dragged ? draggedAs(path) : {})}>
    <bdi>{label}</bdi>:
  </span>
);

/** Appears beside what the pointer or the keyboard is at. */
function CopyPath({ path }: { path: string }) {
  return (
    <span className="-my-0.5 opacity-0 focus-within:opacity-100 group-hover:opacity-100">
      <CopyButton text={path} label={`Copy the path ${path}`} />
    </span>
  );
}
