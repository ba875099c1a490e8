import { Badge } from "@/components/ui/badge";
import { Markdown } from "@/features/templates/markdown";
import type { FieldRecord } from "./data";

/** Parameters or results with their types; parts of objects stand below them. */
export function Fields({ fields, empty }: { fields: Record<string, FieldRecord>; empty: string }) {
  const names = Object.keys(fields);
  if (names.length === 0) return <p className="px-4 pb-3 text-base text-muted">{empty}</p>;
  return (
    <ul className="px-4 pb-2">
      {Object.entries(fields)
        .sort(([, a], [, b]) => Number(b.required ?? false) - Number(a.required ?? false))
        .map(([name, field]) => (
          <FieldRow key={name} name={name} field={field} />
        ))}
    </ul>
  );
}

function FieldRow({ name, field }: { name: string; field: FieldRecord }) {
  const inner = field.properties ?? field.items?.properties ?? {};
  return (
    <li className="border-b border-line py-2 last:border-0">
      <div className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <code className="font-mono text-sm font-semibold">{name}</code>
        <span className="text-sm text-muted">{typeOf(field)}</span>
        {field.required ? <Badge tone="accent">required</Badge> : null}
        {field.default === undefined ? null : (
          <span className="text-sm text-muted">
            else <code className="font-mono">{JSON.stringify(field.default)}</code>
          </span>
        )}
      </div>
      {field.description ? <Markdown text={field.description} /> : null}
      {Object.keys(inner).length === 0 ? null : (
        <ul className="mt-1 ms-1 border-s border-line ps-3">
          {Object.entries(inner).map(([part, own]) => (
            <FieldRow key={part} name={part} field={own} />
          ))}
        </ul>
      )}
    </li>
  );
}

function typeOf(field: FieldRecord): string {
  if (field.values) return field.values.map((value) => (typeof value === "string" ? value : JSON.stringify(value))).join(" | ");
  if (field.type === "array") return field.items ? `list of ${typeOf(field.items)}` : "list";
  return field.nullable ? `${field.type} or null` : field.type;
}
