import type { Language } from "@/components/code/code-editor";
import type { Schemas } from "@/lib/api";

type File = Schemas["FileBody"];

/** What is looked at of a flow's history, as it stands in the address. */
export interface VersionSearch {
  /** The published version that is compared. */
  version?: number;
  /** Another one that it is compared with; the draft where absent. */
  with?: number;
}

export function readVersionSearch(search: Record<string, unknown>): VersionSearch {
  const version = numbered(search.version);
  const other = numbered(search.with);
  if (version === undefined) return {};
  return { version, ...(other === undefined || other === version ? {} : { with: other }) };
}

function numbered(value: unknown): number | undefined {
  const number = Number(value);
  return Number.isInteger(number) && number > 0 ? number : undefined;
}

export interface Difference {
  name: string;
  before: string;
  after: string;
}

/** The files that differ; what is only on one side is empty on the other. */
export function differences(before: readonly File[], after: readonly File[]): Difference[] {
  const names = new Set([...before, ...after].map(({ name }) => name));
  const textOf = (files: readonly File[], name: string) => files.find((file) => file.name === name)?.text ?? "";
  return [...names].map((name) => ({ name, before: textOf(before, name), after: textOf(after, name) })).filter((one) => one.before !== one.after);
}

const LANGUAGES: Record<string, Language> = { json: "json", ts: "typescript", js: "javascript", py: "python" };

export const languageOf = (name: string): Language => LANGUAGES[name.split(".").at(-1) ?? ""] ?? "yaml";
