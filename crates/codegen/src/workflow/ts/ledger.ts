// What a project keeps beyond its runs: variables, what its flows remember, and what it opens to other projects.
import { ApplicationFailure } from '@temporalio/workflow';
import type { MemoryChange as Remembered, VariableChange as Asked } from './host';
import { grants } from './interfaces';
import type { Interface } from './interfaces';
import type { Plain } from './sealing';
import { bytesOf } from './weight';

/** A change of a variable, or a look at it, and who asks. */
export type VariableChange = Asked & { from: string; service: string; flow: string };

/** A change of what a flow remembers, in at most `limit` bytes. */
export type MemoryChange = Remembered & { flow: string; limit: number };

/** All of it, as it is handed to the next history. */
export type State = { variables: Cell[]; memory: Cell[]; interfaces: Interface[]; made: Made[] };

/** A value of a service or flow; of the project itself where `of` is null. */
type Cell = { of: string | null; name: string; value: Plain };

/** A change that was made, and what it gave where that is short. */
type Made = { key: string; result?: Plain };

const LARGEST = 1_048_576;
/** What fits into one payload of Temporal with room to spare. */
const WHOLE = 1_500_000;
const LISTED = 1_000;
const MADE = 1_000;
const KEPT_TWICE = 4_096;

export class Ledger {
  private readonly variables: Cells;
  private readonly memory: Cells;
  private readonly interfaces: Map<string, Interface>;
  private readonly made: Map<string, Made>;

  constructor(
    private readonly project: string,
    state: State = { variables: [], memory: [], interfaces: [], made: [] },
  ) {
    this.variables = new Cells(state.variables);
    this.memory = new Cells(state.memory);
    this.interfaces = new Map(state.interfaces.map((open) => [open.name, open]));
    this.made = new Map(state.made.map((made) => [made.key, made]));
  }

  state(): State {
    const [variables, memory] = [this.variables.all(), this.memory.all()];
    return { variables, memory, interfaces: this.opened(), made: [...this.made.values()] };
  }

  /** The variable's value after the change. */
  variable(change: VariableChange): Plain {
    const { name, key, op, from } = change;
    const of = this.placeOf(change);
    const old = this.variables.get(of, name);
    if (op === 'get') return old;
    return this.once([from, of, name, key], op === 'set' ? change.value : old, () => {
      const value = changed(name, old, op, change.value);
      const room = this.roomFor(this.variables, of, name, value);
      if (room !== undefined) throw refused('REJECTED', room);
      this.variables.set(of, name, value);
      return value;
    });
  }

  /** The entry after the change, or the list. */
  remembered(change: MemoryChange): Plain {
    const { flow, name, key, op } = change;
    if (op === 'list') return this.list(flow, name);
    const old = this.memory.get(flow, name);
    if (op === 'get') return old;
    return this.once([flow, name, key], op === 'set' ? change.value : op === 'delete' ? null : old, () => {
      if (op === 'delete') return this.memory.delete(flow, name);
      const value = joined(old, op, change.value);
      const room = this.limitOf(change, value) ?? this.roomFor(this.memory, flow, name, value);
      if (room !== undefined) throw refused('FULL', room);
      this.memory.set(flow, name, value);
      return value;
    });
  }

  open(shared: Interface): void {
    this.interfaces.set(shared.name, shared);
  }

  close(name: string): void {
    this.interfaces.delete(name);
  }

  opened(): Interface[] {
    return [...this.interfaces.values()];
  }

  /** Sets a variable from outside any run. */
  set(service: string | null, name: string, value: Plain): void {
    if (this.roomFor(this.variables, service, name, value) === undefined) this.variables.set(service, name, value);
  }

  /** A variable of a service, or of the project itself. */
  get(service: string | null, name: string): Plain {
    return this.variables.get(service, name);
  }

  /** Variables of a service, or of the project itself, by name. */
  of(service: string | null): { [name: string]: Plain } {
    return Object.fromEntries(this.variables.of(service));
  }

  /** What a flow remembers, by key. */
  memoryOf(flow: string): { [key: string]: Plain } {
    return Object.fromEntries(this.memory.of(flow));
  }

  /** The service whose variable is meant, or null for the project; what is closed looks like what is not there. */
  private placeOf(change: VariableChange): string | null {
    const { through, name, op } = change;
    if (through === undefined) return change.scope === 'service' ? change.service : null;
    const open = this.interfaces.get(through.interface);
    if (open !== undefined && grants(open, change, op !== 'set', op !== 'get')) return open.service ?? null;
    const message = `there is no interface \`${through.interface}\` of \`${through.project}\` that opens \`${name}\` to this flow`;
    throw refused('REJECTED', message);
  }

  /** A change that was made before is not made again. */
  private once(step: Plain[], again: Plain, change: () => Plain): Plain {
    const key = JSON.stringify(step);
    const before = this.made.get(key);
    if (before !== undefined) return before.result === undefined ? again : before.result;
    const result = change();
    this.made.set(key, JSON.stringify(result).length <= KEPT_TWICE ? { key, result } : { key });
    for (const oldest of this.made.keys()) {
      if (this.made.size <= MADE) break;
      this.made.delete(oldest);
    }
    return result;
  }

  private list(flow: string, begin: string): Plain {
    const found = this.memory.of(flow).filter(([key]) => key.startsWith(begin));
    if (found.length > LISTED) {
      throw refused('FULL', `${found.length} entries begin with \`${begin}\`; a list has at most ${LISTED}`);
    }
    return found.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => ({ key, value }));
  }

  /** Why the flow may not remember this. */
  private limitOf({ flow, name, limit }: MemoryChange, value: Plain): string | undefined {
    const bytes = weight(name, value);
    if (bytes > LARGEST) return `an entry has at most ${LARGEST} bytes, and this one would have ${bytes}`;
    const others = this.memory.of(flow).filter(([key]) => key !== name);
    const all = others.reduce((sum, [key, held]) => sum + weight(key, held), bytes);
    if (all <= limit || bytes <= weight(name, this.memory.get(flow, name))) return undefined;
    return `the flow would remember ${all} bytes, and the \`limit\` of its memory is ${limit}: take something away first, or raise it`;
  }

  /** Why the project has no room for this. */
  private roomFor(cells: Cells, of: string | null, name: string, value: Plain): string | undefined {
    const before = weight(name, cells.get(of, name));
    const all = this.variables.bytes + this.memory.bytes - before + weight(name, value);
    if (weight('', value) > LARGEST) return `\`${name}\` would be longer than ${LARGEST} bytes`;
    if (all <= WHOLE) return undefined;
    return `the variables and memory of project \`${this.project}\` would take ${all} bytes, and its workflow keeps ${WHOLE}`;
  }
}

/** Values by whose they are and what they are called. */
class Cells {
  private readonly cells = new Map<string, Cell>();
  bytes = 0;

  constructor(cells: Cell[]) {
    cells.forEach(({ of, name, value }) => this.set(of, name, value));
  }

  all(): Cell[] {
    return [...this.cells.values()];
  }

  of(of: string | null): [string, Plain][] {
    return this.all().filter((cell) => cell.of === of).map(({ name, value }) => [name, value]);
  }

  get(of: string | null, name: string): Plain {
    return this.cells.get(JSON.stringify([of, name]))?.value ?? null;
  }

  set(of: string | null, name: string, value: Plain): void {
    this.delete(of, name);
    this.bytes += weight(name, value);
    this.cells.set(JSON.stringify([of, name]), { of, name, value });
  }

  delete(of: string | null, name: string): null {
    const place = JSON.stringify([of, name]);
    const old = this.cells.get(place);
    if (old !== undefined) this.bytes -= weight(name, old.value);
    this.cells.delete(place);
    return null;
  }
}

function weight(name: string, value: Plain): number {
  return bytesOf(name) + bytesOf(JSON.stringify(value));
}

/** A variable after a change. */
function changed(name: string, old: Plain, op: VariableChange['op'], value: Plain): Plain {
  if (op === 'append') {
    if (old === null) return [value];
    if (Array.isArray(old)) return [...old, value];
    throw refused('REJECTED', `\`${name}\` is ${typeName(old)}, a list is needed`);
  }
  if (op !== 'increment' && op !== 'decrement') return value;
  if (typeof value !== 'number') throw refused('REJECTED', `cannot add a value of type ${typeName(value)}`);
  if (old !== null && typeof old !== 'number') throw refused('REJECTED', `\`${name}\` is ${typeName(old)}, a number is needed`);
  const sum = (old ?? 0) + (op === 'increment' ? value : -value);
  if (!Number.isFinite(sum)) throw refused('REJECTED', `\`${name}\` would leave the range of numbers`);
  return sum;
}

/** An entry of a memory after a change. */
function joined(old: Plain, op: MemoryChange['op'], value: Plain): Plain {
  if (op === 'append') {
    if (old === null) return [value];
    if (Array.isArray(old)) return [...old, value];
    if (typeof old === 'string' && typeof value === 'string') return old + value;
    throw refused('REJECTED', `cannot append to a value of type ${typeName(old)}`);
  }
  if (op !== 'increment') return value;
  if (typeof value !== 'number') throw refused('REJECTED', `cannot add a value of type ${typeName(value)}`);
  if (old !== null && typeof old !== 'number') throw refused('REJECTED', `cannot add to a value of type ${typeName(old)}`);
  return (old ?? 0) + value;
}

function typeName(value: Plain): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

function refused(type: 'REJECTED' | 'FULL', message: string): ApplicationFailure {
  return ApplicationFailure.create({ type, message, nonRetryable: true });
}
