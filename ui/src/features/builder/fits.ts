/** Types by names, in the words of records; `*` stands for the whole value. */
export type Types = { [name: string]: string };

/** How what one step gives becomes a parameter of another. */
export interface Fit {
  from: string;
  to: string;
  /** Both sides name the same type; else one of them takes or gives anything. */
  exact: boolean;
}

/** What any value can be read as: a template writes it out. */
const WIDER: Record<string, readonly string[]> = { integer: ["number"], enum: ["string"], duration: ["string"] };

function suits(from: string, to: string): boolean {
  return from === to || (WIDER[from] ?? []).includes(to);
}

/** The best way from one to the other, by types alone; nothing where no type goes with another. */
export function fitOf(gives: Types, takes: Types): Fit | undefined {
  const pairs = Object.entries(gives).flatMap(([from, given]) => Object.entries(takes).map(([to, taken]) => ({ from, to, given, taken })));
  const exact = pairs.find(({ given, taken }) => given !== "any" && suits(given, taken));
  if (exact) return { from: exact.from, to: exact.to, exact: true };
  const loose = pairs.find(({ given, taken }) => given === "any" || taken === "any");
  return loose && { from: loose.from, to: loose.to, exact: false };
}

/** What leaves by the handle for failures, whatever the step is. */
export const ERROR_GIVES: Types = { code: "string", message: "string" };
