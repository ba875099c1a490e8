import type { Choice } from "./offers";

const KEY = "weir.added";
/** As many as are kept, newest first. */
const KEPT = 12;
/** As many as are shown before all others. */
const SHOWN = 5;

function kept(): string[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(found) ? found.filter((one) => typeof one === "string") : [];
  } catch {
    return [];
  }
}

/** Remembers what was added to a flow. */
export function noteAdded({ id }: Pick<Choice, "id">): void {
  try {
    localStorage.setItem(KEY, JSON.stringify([id, ...kept().filter((one) => one !== id)].slice(0, KEPT)));
  } catch {
    // The list is then as it always is.
  }
}

/** The same choices, those first that were added last; where they have headings already, as they are. */
export function recentFirst(choices: readonly Choice[]): readonly Choice[] {
  if (choices.some(({ group }) => group !== undefined)) return choices;
  const first = kept().flatMap((id) => choices.filter((choice) => choice.id === id)).slice(0, SHOWN);
  if (first.length === 0) return choices;
  const others = choices.filter((choice) => !first.includes(choice));
  return [...first.map((choice) => ({ ...choice, group: "Added lately" })), ...others.map((choice) => ({ ...choice, group: "All steps" }))];
}
