import { ask } from "@/components/code/language/client";
import type { Asked } from "@/components/code/language/service";
import { expressionAt, partsOf } from "@/components/code/language/template";
import type { Call, Completion, Hint, Marker } from "@/components/code/code-editor";

/** Names that can be used, as the server tells them. */
export interface Names {
  declarations: string;
  open: boolean;
}

const asked = ({ declarations, open }: Names, expression: string, at: number): Asked => ({ names: declarations, open, expression, at });

/** The expression at a place as it is asked about, and where it begins; `whole` is a text that is one without braces. */
function around(names: Names, text: string, at: number, whole: boolean): { from: number; asked: Asked } | undefined {
  const part = expressionAt(text, at, whole);
  return part && { from: part.from, asked: asked(names, text.slice(part.from, part.to), at - part.from) };
}

export async function hintAt(names: Names, text: string, at: number, whole: boolean): Promise<Hint | undefined> {
  const place = around(names, text, at, whole);
  const found = place && (await ask("hover", place.asked));
  return found && { ...found, from: found.from + place.from, to: found.to + place.from };
}

export async function callAt(names: Names, text: string, at: number, whole: boolean): Promise<Call | undefined> {
  const place = around(names, text, at, whole);
  return place && (await ask("signature", place.asked));
}

export async function completionsAt(names: Names, text: string, at: number, whole: boolean): Promise<{ from: number; items: Completion[] }> {
  const place = around(names, text, at, whole);
  if (!place) return { from: at, items: [] };
  const found = (await ask("complete", place.asked)) ?? [];
  const items = found.map(({ label, insert, from, sort, detail, docs }) => ({ label, sort, detail, docs, from: from + place.from, ...(insert === label ? {} : { insert }) }));
  return { from: at, items };
}

/** What the types say is wrong in every expression of a text. It is advice: what is an error, the check of the flow says. */
export async function adviceOn(names: Names, text: string, whole: boolean): Promise<Marker[]> {
  const all = partsOf(text, whole).map(async ({ from, to }) => {
    const found = (await ask("wrong", asked(names, text.slice(from, to), 0))) ?? [];
    return found.map((one): Marker => ({ from: one.from + from, to: one.to + from, message: one.message, severity: "warning" }));
  });
  return (await Promise.all(all)).flat();
}

/** Both kinds of findings; where they are of the same place, the check of the flow is right. */
export function together(checked: readonly Marker[], advice: readonly Marker[]): Marker[] {
  return [...checked, ...advice.filter((one) => !checked.some((other) => other.from < one.to && one.from < other.to))];
}

/** What could stand in a JSON text of a wanted type: names of members, and values there are only few of. */
export async function jsonCompletionsAt(names: Names, text: string, at: number, wanted: string): Promise<{ from: number; items: Completion[] }> {
  const found = (await ask("complete", { ...asked(names, text, at), wanted })) ?? [];
  const quoted = (text.slice(0, at).match(/(?<!\\)"/g) ?? []).length % 2 === 1;
  const written = (label: string) => (quoted || label.startsWith('"') ? label : `${JSON.stringify(label)}: `);
  const items = found.map(({ label, from, sort, detail, docs }) => ({ label, sort, detail, docs, from, insert: sort === "word" ? label : written(label) }));
  return { from: at, items: items.filter((one) => !quoted || !one.label.startsWith('"')) };
}

/** What is wrong in a JSON text of a wanted type. */
export async function jsonAdviceOn(names: Names, text: string, wanted: string): Promise<Marker[]> {
  const found = text.trim() === "" ? [] : ((await ask("wrong", { ...asked(names, text, 0), wanted })) ?? []);
  return found.map((one): Marker => ({ ...one, severity: "warning" }));
}
