import type { RunLine } from "../data";

/** The list with what is new of it: runs that began since come first, those that are known are as they are now. */
export function merged(list: RunLine[], news: RunLine[]): RunLine[] {
  const known = new Set(list.map(({ run }) => run));
  const newer = new Map(news.map((line) => [line.run, line]));
  const began = news.filter(({ run }) => !known.has(run));
  const stay = list.map((line) => newer.get(line.run) ?? line);
  return began.length === 0 ? stay : [...began, ...stay].sort((a, b) => b.createdAt.localeCompare(a.createdAt) || b.run.localeCompare(a.run));
}
