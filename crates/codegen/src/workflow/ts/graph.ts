// A graph of steps: each begins once what leads to it has ended, with what its edges carry.
import { CancellationScope } from '@temporalio/workflow';
import { Children } from './children';
import { failure, success } from './run';
import type { At, Body, Compute, Nodes, Outcome, StepError } from './run';
import { isJson, latch } from './resume';
import { data } from './steps';
import { inTurn } from './turns';
import { EvaluationError } from './value';
import type { Json } from './value';
import { bounded, kept } from './weight';
import { errorValue } from './wrap';

/** Where data comes from: the region's own input, the one edge taken, all edges taken by name, or an expression. */
export type Input = 'region' | 'bare' | 'byNode' | Compute;

export type GraphStep = {
  id: string;
  kind: string;
  body: Body;
  input: Input;
  /** Begins at the first edge taken instead of waiting for all. */
  any?: true;
  /** Ends what else leads here once one edge is taken. */
  cancelRest?: true;
  /** A failure nothing catches leaves by `out`. */
  goesOn?: true;
  /** Handles that end the region, with the handle it is then left by. */
  exits?: [string, string][];
};

/** An edge by the ids of its ends; `as` is the name its value goes by. */
export type Edge = { from: string; to: string; handle?: string; as?: string };

type Road = { from: Place; to: Place; handle: string; key: string; state: 'open' | 'taken' | 'dead' };

/** A step within one visit of its graph. */
class Place {
  phase: 'pending' | 'running' | 'done' | 'skipped' = 'pending';
  output: Json = null;
  error: Json | undefined;
  readonly incoming: Road[] = [];
  readonly outgoing: Road[] = [];

  constructor(
    readonly slot: number,
    readonly step: GraphStep,
  ) {}

  /** Whether its turn has come. */
  get ready(): boolean {
    const settled = this.step.any === true || this.incoming.every((road) => road.state !== 'open');
    return this.phase === 'pending' && settled && this.taken.length > 0;
  }

  /** Whether nothing can ever lead to it. */
  get lost(): boolean {
    return this.phase === 'pending' && this.incoming.every((road) => road.state === 'dead');
  }

  get taken(): Road[] {
    return this.incoming.filter((road) => road.state === 'taken');
  }

  /** What expressions see as `nodes.<id>`. */
  view(): Json {
    return { output: this.output, error: this.error ?? null, status: this.phase };
  }

  exit(handle: string): string | undefined {
    return this.step.exits?.find(([from]) => from === handle)?.[1];
  }

  /** A handle without a way of its own still ends the others, unless it only says how the step ended. */
  knows(handle: string): boolean {
    const named = this.outgoing.some((road) => road.handle !== 'out');
    return named || this.exit(handle) !== undefined || handle !== 'done';
  }

  catches(): boolean {
    return this.exit('error') !== undefined || this.outgoing.some((road) => road.handle === 'error');
  }
}

/** Runs the steps; the output is that of the ends that were reached. */
export async function graph(at: At, steps: GraphStep[], edges: Edge[], output: Input): Promise<Outcome> {
  return new Region(at, steps, edges).run(output);
}

class Region implements Nodes {
  private readonly at: At;
  private readonly places: Place[];
  private readonly byId: Map<string, Place>;
  private readonly children = new Children();
  private readonly returned: unknown;
  /** Decided: what is still open is being ended. */
  private ending: Outcome | undefined;

  constructor(
    private readonly around: At,
    steps: GraphStep[],
    edges: Edge[],
  ) {
    this.at = { ...around, nodes: this };
    this.returned = around.run.returned;
    this.places = steps.map((step, slot) => new Place(slot, step));
    this.byId = new Map(this.places.map((place) => [place.step.id, place]));
    for (const edge of edges) this.draw(edge);
  }

  private draw({ from, to, handle = 'out', as: key = from }: Edge): void {
    const [source, target] = [this.byId.get(from), this.byId.get(to)];
    if (source === undefined || target === undefined) return;
    const road: Road = { from: source, to: target, handle, key, state: 'open' };
    source.outgoing.push(road);
    target.incoming.push(road);
  }

  get(id: string): Json | undefined {
    return this.byId.get(id)?.view() ?? this.around.nodes?.get(id);
  }

  all(): Json {
    return Object.fromEntries(this.places.map((place) => [place.step.id, place.view()]));
  }

  async run(output: Input): Promise<Outcome> {
    this.startAll(this.places.filter((place) => place.incoming.length === 0));
    for (let ended = await this.children.next(); ended !== undefined; ended = await this.children.next()) {
      const place = this.places[ended.slot];
      if (this.isCancelled()) this.close({ kind: 'cancelled' });
      if (place !== undefined && this.ending === undefined) this.settled(place, ended.outcome);
    }
    return this.ending ?? success(this.output(output));
  }

  /** Ended from outside, or by a return of a step in it. */
  private isCancelled(): boolean {
    return CancellationScope.current().consideredCancelled || this.at.run.returned !== this.returned;
  }

  /** The first decision stands. */
  private close(outcome: Outcome): void {
    this.ending ??= outcome;
    this.children.endAll();
  }

  /** Starts steps whose turn has come, the first in the file first. One whose input cannot be made has failed. */
  private startAll(ready: Place[]): void {
    const places = ready.toSorted((one, other) => one.slot - other.slot);
    this.children.start(places.map((place) => ({ slot: place.slot, work: this.prepared(place) })));
  }

  private prepared(place: Place): () => Promise<Outcome> {
    place.phase = 'running';
    try {
      const given = latch(this.at, `data ${place.step.id}`, () => this.input(place.step.input, place), isJson);
      return () => place.step.body({ ...this.at, data: given });
    } catch (thrown) {
      if (!(thrown instanceof EvaluationError)) throw thrown;
      const refused = failure(thrown.code, thrown.category, thrown.message);
      return () => Promise.resolve(placed(refused, `${this.at.base}/${place.step.id}`));
    }
  }

  private input(input: Input, place: Place): Json {
    if (input === 'region') return data(this.around);
    if (typeof input === 'function') return kept(input(this.at));
    const carried = place.taken.map((road): [string, Json] => [road.key, value(road)]);
    return input === 'bare' ? (carried[0]?.[1] ?? null) : bounded(Object.fromEntries(carried));
  }

  /** The region's output: of its end steps that were reached, by the rule for inputs. */
  private output(output: Input): Json {
    if (typeof output === 'function') return kept(output(this.at));
    const ends = this.places.filter((place) => place.outgoing.length === 0);
    const reached = ends.filter((place) => place.phase === 'done');
    if (output === 'byNode' || (output === 'region' && ends.length > 1)) {
      return bounded(Object.fromEntries(reached.map((place) => [place.step.id, place.output])));
    }
    return reached[0]?.output ?? null;
  }

  private settled(place: Place, outcome: Outcome): void {
    if (outcome.kind === 'failure') return this.failed(place, outcome.error);
    if (outcome.kind === 'cancelled') return this.leave(place, { output: null });
    const { output, handle } = outcome;
    this.leave(place, { output, handle: handle !== undefined && place.knows(handle) ? handle : 'out' });
  }

  private failed(place: Place, error: StepError): void {
    const left = { output: null, error: errorValue(error) };
    if (place.catches()) return this.leave(place, { ...left, handle: 'error' });
    if (place.step.goesOn === true) return this.leave(place, { ...left, handle: 'out' });
    this.close({ kind: 'failure', error });
  }

  /** A step has ended. Edges with its handle are taken, the others die; without a handle all of them do. */
  private leave(place: Place, left: { output: Json; error?: Json; handle?: string }): void {
    const exit = left.handle === undefined ? undefined : place.exit(left.handle);
    if (exit !== undefined) return this.close(success(left.error ?? left.output, exit));
    place.phase = 'done';
    place.output = left.output;
    place.error = left.error;
    const ready = new Set<Place>();
    const dead: Road[] = [];
    for (const road of place.outgoing) {
      if (road.handle === left.handle) take(road, ready);
      else dead.push(road);
    }
    this.bury(dead, ready);
    // Asked for first, so that their turn comes after the steps that begin now.
    for (const target of ready) this.cancelRest(target);
    this.startAll([...ready]);
  }

  /** Lets edges die, and those of steps that are skipped because of it. */
  private bury(dead: Road[], ready: Set<Place>): void {
    for (let road = dead.pop(); road !== undefined; road = dead.pop()) {
      road.state = 'dead';
      if (road.to.ready) ready.add(road.to);
      if (!road.to.lost) continue;
      road.to.phase = 'skipped';
      this.at.run.skipped(`${this.at.base}/${road.to.step.id}`, road.to.step.kind);
      dead.push(...road.to.outgoing);
    }
  }

  /** Ends everything that still leads to a step, once one way to it was taken. */
  private cancelRest(target: Place): void {
    if (target.step.cancelRest !== true) return;
    const leading = [...ancestors(target)].filter((place) => place.phase === 'running');
    void inTurn(async () => {
      for (const place of leading) this.children.end(place.slot);
    });
  }
}

function take(road: Road, ready: Set<Place>): void {
  road.state = 'taken';
  if (road.to.ready) ready.add(road.to);
}

/** What an edge carries: the source's output, or its error on the `error` edge. */
function value(road: Road): Json {
  return road.handle === 'error' && road.from.error !== undefined ? road.from.error : road.from.output;
}

function placed(outcome: Outcome, path: string): Outcome {
  return outcome.kind === 'failure' ? { kind: 'failure', error: { ...outcome.error, path } } : outcome;
}

function ancestors(place: Place, seen = new Set<Place>()): Set<Place> {
  for (const { from } of place.incoming) {
    if (seen.has(from)) continue;
    seen.add(from);
    ancestors(from, seen);
  }
  return seen;
}
