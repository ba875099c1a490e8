interface Wire {
  source: string;
  target: string;
}

/** For each node in a loop's body, the innermost loop: what it reaches without passing the loop, and leads back to it. */
export function bodies(loops: readonly string[], wires: readonly Wire[]): Map<string, string> {
  const forward = neighbours(wires, "source", "target");
  const backward = neighbours(wires, "target", "source");
  const found = loops.map((loop) => ({ loop, body: both(reached(forward, loop), reached(backward, loop)) }));
  found.sort((a, b) => b.body.length - a.body.length);
  const owners = new Map<string, string>();
  for (const { loop, body } of found) for (const node of body) owners.set(node, loop);
  return owners;
}

function neighbours(wires: readonly Wire[], from: keyof Wire, to: keyof Wire): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const wire of wires) {
    const list = found.get(wire[from]);
    if (list) list.push(wire[to]);
    else found.set(wire[from], [wire[to]]);
  }
  return found;
}

function reached(next: Map<string, string[]>, start: string): Set<string> {
  const seen = new Set<string>();
  const open = [...(next.get(start) ?? [])];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node === start || seen.has(node)) continue;
    seen.add(node);
    open.push(...(next.get(node) ?? []));
  }
  return seen;
}

const both = (a: Set<string>, b: Set<string>): string[] => [...a].filter((node) => b.has(node));
