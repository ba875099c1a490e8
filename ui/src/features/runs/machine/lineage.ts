/** A run among those that were forked from each other. */
export interface Branch {
  run: string;
  depth: number;
  /** After which event of the run above it began; absent for the one that all come from. */
  seq?: number;
}

interface Fork {
  run: string;
  from: string;
  seq: number;
}

/** The family of a run, from the eldest that is known, each below the one it was forked from. */
export function branches(run: string, parent: { run: string; seq: number } | undefined, forks: Fork[]): Branch[] {
  const known = new Map(forks.map((fork) => [fork.run, fork]));
  if (parent) known.set(run, { run, from: parent.run, seq: parent.seq });
  let root = run;
  const climbed = new Set([run]);
  for (let up = known.get(root); up && !climbed.has(up.from); up = known.get(root)) {
    root = up.from;
    climbed.add(root);
  }
  const found: Branch[] = [];
  const walk = (at: string, depth: number, seq?: number) => {
    found.push({ run: at, depth, ...(seq === undefined ? {} : { seq }) });
    const below = [...known.values()].filter((fork) => fork.from === at && !found.some((one) => one.run === fork.run));
    for (const fork of below.sort((a, b) => a.seq - b.seq || a.run.localeCompare(b.run))) walk(fork.run, depth + 1, fork.seq);
  };
  walk(root, 0);
  return found;
}
