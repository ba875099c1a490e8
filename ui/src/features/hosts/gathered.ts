import type { Host } from "./data";

/** A host, and the project whose flows it runs. */
export interface HostOf {
  project: string;
  host: Host;
}

/** A project whose hosts are not known, and why. */
export interface Unread {
  project: string;
  error: Error;
}

/** What was answered about a project. */
interface Asked {
  data: { items: Host[]; next?: string | null } | undefined;
  error: Error | null;
}

/** Milliseconds between two looks: with many projects each is asked more seldom, as all are asked in one session. */
export const pauseFor = (projects: number): number => Math.max(10_000, projects * 2_000);

/** What is known of all projects together. One that cannot be read hides nothing of the others. */
export function gathered(projects: readonly string[], asked: readonly Asked[]) {
  const each = projects.map((project, index) => ({ project, ...(asked[index] ?? { data: undefined, error: null }) }));
  const hosts: HostOf[] = each.flatMap(({ project, data }) => (data?.items ?? []).map((host) => ({ project, host })));
  const unread: Unread[] = each.flatMap(({ project, data, error }) => (error && data === undefined ? [{ project, error }] : []));
  return { hosts, unread, more: each.some(({ data }) => data?.next) };
}

/** Names for a sentence, the first three of them. */
export function namesOf(unread: readonly Unread[]): string {
  const names = unread.slice(0, 3).map(({ project }) => project);
  return unread.length > 3 ? `${names.join(", ")} and ${unread.length - 3} more` : names.join(", ");
}
