import { dominators, type Dominators } from "./dominators";

/** An edge, by the handles a run leaves along it by. */
export interface Wire {
  source: string;
  target: string;
  ways: readonly string[];
}

interface Owning {
  key: string;
  type: string;
}

interface Link {
  from: number;
  port: number;
  to: number;
}

/** Steps and edges by numbers. A port is one handle of one step. */
interface Network {
  nodes: readonly Owning[];
  links: Link[];
  /** The step of each port. */
  ports: number[];
  port: (node: number, handle: string) => number | undefined;
}

const NONE = -1;

/**
 * For each node the innermost loop or retry it stands in, as the server finds it: a loop's body is all that reaches one
 * of its links back without passing it, and a retry owns what can be reached through it alone.
 */
export function owners(nodes: readonly Owning[], wires: readonly Wire[]): Map<string, string> {
  if (!nodes.some(({ type }) => type === "loop" || type === "retry")) return new Map();
  const network = networkOf(nodes, wires);
  const found = dominatorsOf(network);
  const isBack = (link: Link) => nodes[link.to]?.type === "loop" && found.dominates(link.to, link.from);
  const [back, kept]: [Link[], Link[]] = [[], []];
  for (const link of network.links) (isBack(link) ? back : kept).push(link);
  const owner = loopOwners(nodes.length, found, kept, back);
  ownRetries(network, found, kept, owner);
  return new Map(nodes.flatMap(({ key }, at): [string, string][] => {
    const around = nodes[owner[at] ?? NONE];
    return around ? [[key, around.key]] : [];
  }));
}

function networkOf(nodes: readonly Owning[], wires: readonly Wire[]): Network {
  const places = new Map(nodes.map(({ key }, at) => [key, at]));
  const numbers = new Map<string, number>();
  const ports: number[] = [];
  const links: Link[] = [];
  for (const { source, target, ways } of wires) {
    const [from, to] = [places.get(source), places.get(target)];
    if (from === undefined || to === undefined) continue;
    for (const way of ways) {
      const name = `${from} ${way}`;
      const port = numbers.get(name) ?? ports.push(from) - 1;
      numbers.set(name, port);
      links.push({ from, port, to });
    }
  }
  return { nodes, links, ports, port: (node, handle) => numbers.get(`${node} ${handle}`) };
}

/** Over the steps, then the ports, then what stands before all of them. */
function dominatorsOf(network: Network): Dominators {
  const { nodes, links, ports } = network;
  const root = nodes.length + ports.length;
  const next: number[][] = Array.from({ length: root + 1 }, () => []);
  for (const [port, node] of ports.entries()) next[node]?.push(nodes.length + port);
  for (const { port, to } of links) next[nodes.length + port]?.push(to);
  next[root] = entriesOf(network);
  return dominators(next, root);
}

/** Where runs begin, what nothing leads to, and one step of whatever hangs on none of those, a loop before any other. */
function entriesOf({ nodes, links }: Network): number[] {
  const next: number[][] = nodes.map(() => []);
  const led = nodes.map(() => false);
  for (const { from, to } of links) {
    next[from]?.push(to);
    led[to] = true;
  }
  const places = nodes.map((_, at) => at);
  const free = places.filter((at) => !led[at] || nodes[at]?.type === "trigger");
  const candidates = [...free, ...places.filter((at) => nodes[at]?.type === "loop"), ...places];
  const seen = nodes.map(() => false);
  return candidates.filter((at) => mark(next, at, seen));
}

/** Marks what can be reached from a node; false where the node was marked before. */
function mark(next: readonly number[][], from: number, seen: boolean[]): boolean {
  if (seen[from]) return false;
  const open = [from];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (seen[at]) continue;
    seen[at] = true;
    open.push(...(next[at] ?? []));
  }
  return true;
}

/** Inner loops first, each folded into its own step before outer ones are looked at. */
function loopOwners(count: number, { order }: Dominators, kept: readonly Link[], back: readonly Link[]): number[] {
  const [before, sources] = [sourcesOf(kept), sourcesOf(back)];
  const owner = Array.from({ length: count }, () => NONE);
  const folded = owner.map((_, at) => at);
  for (const header of order.toReversed()) {
    const open = [...(sources.get(header) ?? [])];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const node = outermost(folded, next);
      if (node === header || owner[node] !== NONE) continue;
      owner[node] = folded[node] = header;
      open.push(...(before.get(node) ?? []));
    }
  }
  return owner;
}

function sourcesOf(links: readonly Link[]): Map<number, number[]> {
  const found = new Map<number, number[]>();
  for (const { from, to } of links) {
    const others = found.get(to);
    if (others) others.push(from);
    else found.set(to, [from]);
  }
  return found;
}

/** The loop that a step was folded into so far, or the step itself. */
function outermost(folded: number[], node: number): number {
  let top = node;
  while (folded[top] !== top) top = folded[top] ?? top;
  for (let at = node; at !== top;) {
    const above = folded[at] ?? top;
    folded[at] = top;
    at = above;
  }
  return top;
}

/** Inner retries first, so that an outer one takes an inner one whole. */
function ownRetries(network: Network, found: Dominators, kept: readonly Link[], owner: number[]): void {
  const { nodes, port } = network;
  const leaving = new Map<number, Link[]>();
  for (const link of kept) {
    const others = leaving.get(link.port);
    if (others) others.push(link);
    else leaving.set(link.port, [link]);
  }
  for (const retry of found.order.toReversed()) {
    if (nodes[retry]?.type !== "retry") continue;
    const body = port(retry, "body");
    const owned = body === undefined ? oneSuccessor(network, found, leaving, retry) : found.below(nodes.length + body);
    const around = owner[retry];
    for (const node of owned.filter((at) => at < nodes.length && owner[at] === around)) owner[node] = retry;
  }
}

/** Without a handle that says so, it is the one step it stands before. */
function oneSuccessor({ nodes, port }: Network, found: Dominators, leaving: ReadonlyMap<number, Link[]>, retry: number): number[] {
  const out = port(retry, "out");
  const links = leaving.get(out ?? NONE) ?? [];
  const [link] = links;
  return out !== undefined && link && links.length === 1 && found.nearest[link.to] === nodes.length + out ? [link.to] : [];
}
