interface Wire {
  source: string;
  target: string;
  handle?: string;
}

interface Owning {
  key: string;
  type: string;
}

/**
 * For each node the innermost loop or retry it stands in, as the server finds it: a loop's body is all that reaches one
 * of its links back without passing it, and a retry owns what can be reached through it alone.
 */
export function owners(nodes: readonly Owning[], wires: readonly Wire[]): Map<string, string> {
  const owner = new Map<string, string>();
  const loops = nodes.filter(({ type }) => type === "loop").map(({ key }) => key);
  const retries = nodes.filter(({ type }) => type === "retry").map(({ key }) => key);
  if (loops.length + retries.length === 0) return owner;
  const links = neighbours(wires);
  const starts = startsOf(nodes, wires, links);
  const bodies = loops.map((loop) => ({ loop, body: bodyOf(loop, wires, dominated(loop, starts, links)) }));
  // The largest first: of several loops around a node the innermost stays.
  for (const { loop, body } of bodies.sort((a, b) => b.body.size - a.body.size)) for (const node of body) owner.set(node, loop);
  const behind = retries.map((retry) => ({ retry, owned: behindRetry(retry, wires, starts) })).sort((a, b) => b.owned.length - a.owned.length);
  const around = new Map(owner);
  for (const { retry, owned } of behind) for (const node of owned) if (around.get(node) === around.get(retry)) owner.set(node, retry);
  return owner;
}

/** Where runs begin, what nothing leads to, and one step of whatever hangs on none of those, so that none stands in itself. */
function startsOf(nodes: readonly Owning[], wires: readonly Wire[], next: Map<string, string[]>): string[] {
  const led = new Set(wires.map(({ target }) => target));
  const starts = nodes.filter(({ key, type }) => type === "trigger" || !led.has(key)).map(({ key }) => key);
  const seen = reached(next, starts);
  for (const { key } of nodes) {
    if (seen.has(key)) continue;
    starts.push(key);
    for (const found of reached(next, [key])) seen.add(found);
  }
  return starts;
}

function neighbours(wires: readonly Wire[], from: "source" | "target" = "source"): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const to = from === "source" ? "target" : "source";
  for (const wire of wires) {
    const list = found.get(wire[from]);
    if (list) list.push(wire[to]);
    else found.set(wire[from], [wire[to]]);
  }
  return found;
}

/** All that is reached from some nodes, with them, without passing another. */
function reached(next: Map<string, string[]>, from: readonly string[], without?: string): Set<string> {
  const seen = new Set<string>();
  const open = [...from];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node === without || seen.has(node)) continue;
    seen.add(node);
    open.push(...(next.get(node) ?? []));
  }
  return seen;
}

/** Whether no way from a start leads to a node without passing another. */
function dominated(by: string, starts: readonly string[], next: Map<string, string[]>): (node: string) => boolean {
  const otherwise = reached(next, starts, by);
  return (node) => !otherwise.has(node);
}

function bodyOf(loop: string, wires: readonly Wire[], inside: (node: string) => boolean): Set<string> {
  const back = wires.filter(({ source, target }) => target === loop && source !== loop && inside(source)).map(({ source }) => source);
  return reached(neighbours(wires, "target"), back, loop);
}

function behindRetry(retry: string, wires: readonly Wire[], starts: readonly string[]): string[] {
  const leaving = wires.filter(({ source }) => source === retry);
  const body = leaving.filter(({ handle }) => handle === "body");
  if (body.length > 0) {
    const without = reached(neighbours(wires.filter((wire) => !body.includes(wire))), starts);
    return [...reached(neighbours(wires), body.map(({ target }) => target))].filter((node) => !without.has(node) && node !== retry);
  }
  // Without a handle that says so, it is the one step it stands before.
  const plain = leaving.filter(({ handle }) => handle === undefined || handle === "out");
  const next = plain.length === 1 ? plain[0]?.target : undefined;
  return next !== undefined && wires.filter(({ target }) => target === next).length === 1 ? [next] : [];
}
