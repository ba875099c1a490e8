import type { Dialect, NewNode, Shape } from "@/document";
import { CATEGORIES, type KindLine } from "@/features/catalogue/data";

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
    return [{ id: `kind ${kind.name}`, title: kind.title, summary: kind.summary, category: CATEGORIES[kind.category] ?? kind.category, words, icon: kind.icon ?? "", node }];
  });
  return [...tasks, ...own];
}

/** Those that have every word, or its letters in their order; the best first. */
export function searchChoices(choices: readonly Choice[], text: string): Choice[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const rated = choices.flatMap((choice): [number, Choice][] => {
    const rank = Math.max(0, ...words.map((word) => rankOf(choice, word)));
    return rank < 4 ? [[rank, choice]] : [];
  });
  return rated.sort((a, b) => a[0] - b[0]).map(([, choice]) => choice);
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
