import type { Dialect, FlowNode, NewNode, Shape } from "@/document";
import { CATEGORIES, type KindLine } from "@/features/catalogue/data";
import { ERROR_GIVES, fitOf, type Types } from "./fits";

/** Something that can be put into a flow. */
export interface Choice {
  id: string;
  title: string;
  summary: string;
  category: string;
  words: string;
  icon?: string;
  shape?: Shape;
  node: NewNode;
  /** Types of its parameters, where they are known. */
  takes?: Types;
  /** Under which heading it stands in a list that has some. */
  group?: string;
}

/** All that a dialect offers, then every kind that can run. */
export function choicesOf(dialect: Dialect, kinds: readonly KindLine[]): Choice[] {
  const own = dialect.offers.map((offer): Choice => ({
    id: `own ${offer.node.type}`,
    title: offer.title,
    summary: offer.summary,
    category: offer.category,
    words: offer.node.type,
    shape: dialect.shapeOf(offer.node.type),
    node: { ...offer.node, title: offer.node.title ?? offer.title },
  }));
  const tasks = kinds.flatMap((kind): Choice[] => {
    const node = dialect.task({ name: kind.name, tree: kind.tree ?? undefined, title: kind.title });
    if (!node || !kind.runnable || own.some((one) => one.words === node.type && node.kind === undefined)) return [];
    const words = [kind.name, kind.tree ?? "", ...(kind.aliases ?? [])].join(" ");
    return [{ id: `kind ${kind.name}`, title: kind.title, summary: kind.summary, category: CATEGORIES[kind.category] ?? kind.category, words, icon: kind.icon ?? "", node, takes: kind.takes }];
  });
  return [...tasks, ...own];
}

/** What leaves a step by a handle, where that is known: of a task what its record says, of a failure its code and message. */
export function givenBy(node: Pick<FlowNode, "kind" | "type">, handle: string | undefined, kinds: readonly KindLine[]): Types | undefined {
  if (handle === "error") return ERROR_GIVES;
  return kinds.find((kind) => kind.name === node.kind || kind.tree === node.type)?.gives;
}

/** The same choices, those first whose parameters take what is given, with the way it can go. */
export function fittingFirst(choices: readonly Choice[], gives: Types, title: string): Choice[] {
  const rated = choices.map((choice) => ({ choice, fit: choice.takes && fitOf(gives, choice.takes) }));
  const named = (name: string) => (name === "*" ? "output" : name);
  const fitting = rated.flatMap(({ choice, fit }) => (fit ? [{ choice: { ...choice, group: `Takes what ${title} gives`, summary: `${named(fit.from)} → ${fit.to} · ${choice.summary}` }, fit }] : []));
  const first = [...fitting.filter(({ fit }) => fit.exact), ...fitting.filter(({ fit }) => !fit.exact)].map(({ choice }) => choice);
  return [...first, ...rated.flatMap(({ choice, fit }) => (fit ? [] : [{ ...choice, group: "Other steps" }]))];
}

/** Those that have every word, or its letters in their order; the best first. */
export function searchChoices(choices: readonly Choice[], text: string): Choice[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const rated = choices.flatMap((choice): [number, Choice][] => {
    const rank = Math.max(0, ...words.map((word) => rankOf(choice, word)));
    return rank < 4 ? [[rank, choice]] : [];
  });
  if (words.length === 0) return [...choices];
  // Whoever types looks for a name: how well it fits comes first, and headings would tear the order apart.
  const groups = [...new Set(choices.map(({ group }) => group))];
  const placeOf = (choice: Choice) => groups.indexOf(choice.group);
  return rated.sort((a, b) => a[0] - b[0] || placeOf(a[1]) - placeOf(b[1])).map(([, choice]) => withoutGroup(choice));
}

function withoutGroup(choice: Choice): Choice {
  const bare = { ...choice };
  delete bare.group;
  return bare;
}

function rankOf(choice: Choice, word: string): number {
  const title = choice.title.toLowerCase();
  if (title.startsWith(word)) return 0;
  if (title.includes(word) || choice.words.toLowerCase().includes(word)) return 1;
  if (choice.summary.toLowerCase().includes(word)) return 2;
  return lettersIn(title, word) ? 3 : 4;
}

function lettersIn(title: string, word: string): boolean {
  let at = 0;
  for (const letter of word) {
    at = title.indexOf(letter, at) + 1;
    if (at === 0) return false;
  }
  return true;
}
