import { BLANK, type CanvasData, type Clip, type Command, type Point } from "./commands";
import { dialectNamed, dialectOf } from "./dialects";
import type { Dialect, Done, TextCommand } from "./dialects/dialect";
import { History, type Stamp } from "./history";
import { EMPTY, type Projection } from "./projection";
import { type Format, formatOf, parseText } from "./text/format";
import { type Path, type Range, type TextProblem, toJson } from "./text/node";
import { Patch } from "./text/patch";
import { Refusal } from "./text/refusal";
import { writeBlock, writeJson } from "./text/write";

/** What a document is at one moment. */
export interface State {
  text: string;
  canvas: CanvasData;
  /** Of the text; of the last text that could be read, while it is `broken`. */
  projection: Projection;
  broken: TextProblem[];
  /** Goes up with every change. */
  version: number;
}

export interface Outcome {
  refused?: string;
  added: string[];
}

/**
 * A flow while it is edited. Its text is the truth; the projection is made from it. Every change, by a command or by
 * typing, goes into one history.
 */
export class FlowDocument {
  readonly format: Format;
  private now: State;
  private readonly history: History;
  private readonly listeners = new Set<() => void>();
  private dialectNow: Dialect;
  /** The text as it was read last for the places in it. */
  private places: Patch | undefined;

  constructor(name: string, text: string, canvas: CanvasData = BLANK, preferred?: string) {
    this.format = formatOf(name, text);
    this.dialectNow = (preferred && dialectNamed(preferred)) || dialectOf(undefined);
    this.now = { text: "", canvas, projection: { ...EMPTY, dialect: this.dialectNow.name }, broken: [], version: 0 };
    this.now = { ...this.read(text), canvas, version: 0 };
    this.history = new History();
  }

  get state(): State {
    return this.now;
  }

  get dialect(): Dialect {
    return this.dialectNow;
  }

  /** For views: called after every change. Gives what ends it. */
  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Does it, or says why not and changes nothing. `at` is the time, in milliseconds. */
  run(command: Command, at: number): Outcome {
    try {
      return this.perform(command, at);
    } catch (error) {
      if (error instanceof Refusal) return { refused: error.message, added: [] };
      throw error;
    }
  }

  /** Why a command that changes the text would be refused now; nothing where it can be done. */
  refusal(command: TextCommand): string | undefined {
    try {
      this.applied(command);
      return undefined;
    } catch (error) {
      if (error instanceof Refusal) return error.message;
      throw error;
    }
  }

  /** Several commands as one step of the history; if one is refused, none is done. */
  runAll(commands: readonly Command[], at: number): Outcome {
    const before = this.now;
    const mark = this.history.mark();
    const added: string[] = [];
    for (const command of commands) {
      const outcome = this.run(command, at);
      if (outcome.refused !== undefined) {
        this.now = before;
        this.history.reset(mark);
        this.tell();
        return outcome;
      }
      added.push(...outcome.added);
    }
    this.history.join(mark);
    return { added };
  }

  /** Takes a text as it was typed. Typing in one place within a short time is one step of the history. */
  type(text: string, at: number): void {
    if (text === this.now.text) return;
    this.become({ ...this.read(text), canvas: this.now.canvas }, { at, sort: "typing" });
  }

  undo(): boolean {
    return this.go(this.history.undo(this.now));
  }

  redo(): boolean {
    return this.go(this.history.redo(this.now));
  }

  get canUndo(): boolean {
    return this.history.canUndo;
  }

  get canRedo(): boolean {
    return this.history.canRedo;
  }

  /** The same as JSON, without comments; nothing where there are several documents. */
  asJson(): string | undefined {
    const { docs } = parseText(this.now.text, this.format);
    return docs.length === 1 ? `${JSON.stringify(toJson(docs[0]), null, 2)}\n` : undefined;
  }

  /** Where a value stands in the text, or the nearest thing around it that is there. */
  rangeOf(doc: number, path: Path): Range {
    if (this.places?.source !== this.now.text) this.places = new Patch(this.now.text, this.format);
    const patch = this.places;
    for (let length = path.length; this.now.broken.length === 0 && length >= 0; length--) {
      try {
        const found = patch.node(doc, path.slice(0, length));
        if (found) return found.range;
      } catch (error) {
        // What an anchor shares stands elsewhere.
        if (!(error instanceof Refusal)) throw error;
      }
    }
    return [0, 0];
  }

  copy(keys: readonly string[]): Clip {
    if (this.now.broken.length > 0) return { weir: 1, dialect: this.dialect.name, nodes: [], edges: [] };
    return this.dialect.copy(new Patch(this.now.text, this.format), this.now.projection, keys);
  }

  /** The flow that steps become when they are taken out, as a text of the same form; or why they cannot be. */
  takenOut(keys: readonly string[], name: string): { name: string; text: string } | { refused: string } {
    const [broken] = this.now.broken;
    if (broken) return { refused: `The text cannot be read (line ${broken.line}). Mend it there first.` };
    try {
      const flow = this.dialect.flowOf?.(new Patch(this.now.text, this.format), this.now.projection, keys, name);
      if (!flow) return { refused: "Only steps of a graph become a flow of their own." };
      return { name: String(flow.name), text: this.format === "json" ? `${writeJson(flow, "", "  ")}\n` : `${writeBlock(flow, "")}\n` };
    } catch (error) {
      if (error instanceof Refusal) return { refused: error.message };
      throw error;
    }
  }

  /** What is set aside when the flow was opened anew: another text, in the same history. */
  replace(text: string, canvas: CanvasData, at: number): void {
    this.become({ ...this.read(text), canvas }, { at, sort: "replace" });
  }

  private perform(command: Command, at: number): Outcome {
    const sort = sortOf(command);
    if (command.do === "note" || command.do === "group") {
      this.become({ ...this.now, canvas: onCanvas(this.now.canvas, command) }, { at, sort });
      return { added: [] };
    }
    if (command.do === "position" || command.do === "tidy") return this.place(command, at);
    const { patch, done } = this.applied(command);
    const canvas = placed(follow(this.now.canvas, done), command, done, this.dialect.keepsPositions);
    this.become({ ...this.read(patch.source), canvas }, { at, sort });
    return { added: done.added ?? [] };
  }

  /** The text with a command applied to it. */
  private applied(command: TextCommand): { patch: Patch; done: Done } {
    if (this.now.broken[0]) throw new Refusal(`The text cannot be read (line ${this.now.broken[0].line}). Mend it there first.`);
    const patch = new Patch(this.now.text, this.format);
    return { patch, done: this.dialect.apply(patch, this.now.projection, command) };
  }

  private place(command: Extract<Command, { do: "position" | "tidy" }>, at: number): Outcome {
    const stamp = { at, sort: "place" };
    if (!this.dialect.keepsPositions) {
      // A tidy layout is the computed one: nothing needs to be kept of it.
      const positions = command.do === "tidy" ? without(this.now.canvas.positions, command.moves) : { ...this.now.canvas.positions, ...command.moves };
      this.become({ ...this.now, canvas: { ...this.now.canvas, positions } }, stamp);
      return { added: [] };
    }
    const { patch } = this.applied({ do: "position", moves: command.moves });
    this.become({ ...this.read(patch.source), canvas: this.now.canvas }, stamp);
    return { added: [] };
  }

  private read(text: string): Pick<State, "text" | "projection" | "broken"> {
    const { docs, problems } = parseText(text, this.format);
    if (problems.length > 0) return { text, projection: this.now.projection, broken: problems };
    if (docs.length > 0) this.dialectNow = dialectOf(docs[0]);
    try {
      const projection = docs.length > 0 ? this.dialectNow.project(docs, text) : { ...EMPTY, dialect: this.dialectNow.name };
      return { text, projection, broken: [] };
    } catch (error) {
      // Only what is nested beyond the stack comes here.
      const message = error instanceof RangeError ? "this is nested too deeply to be drawn" : `this cannot be drawn: ${String(error)}`;
      return { text, projection: this.now.projection, broken: [{ message, range: [0, text.length], line: 1 }] };
    }
  }

  private become(next: Omit<State, "version">, stamp: Stamp): void {
    if (next.text === this.now.text && next.canvas === this.now.canvas) return;
    this.history.add(this.now, next, stamp);
    this.now = { ...next, version: this.now.version + 1 };
    this.tell();
  }

  private go(to: { text: string; canvas: CanvasData } | undefined): boolean {
    if (!to) return false;
    this.now = { ...this.read(to.text), canvas: to.canvas, version: this.now.version + 1 };
    this.tell();
    return true;
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}

/** Commands of one sort in quick succession are one step: typing in a field of a form. */
function sortOf(command: Command): string {
  if (command.do === "set") return `set ${command.key} ${command.path.join("/")}`;
  if (command.do === "note" && command.note) return `note ${command.id}`;
  return "";
}

function onCanvas(canvas: CanvasData, command: Extract<Command, { do: "note" | "group" }>): CanvasData {
  if (command.do === "note") return { ...canvas, notes: put(canvas.notes, command.id, command.note) };
  return { ...canvas, groups: put(canvas.groups, command.id, command.group) };
}

function put<T>(map: { [key: string]: T }, key: string, value: T | undefined): { [key: string]: T } {
  const { [key]: _, ...rest } = map;
  return value === undefined ? rest : { ...rest, [key]: value };
}

function without(positions: { [key: string]: Point }, gone: { [key: string]: unknown }): { [key: string]: Point } {
  return Object.fromEntries(Object.entries(positions).filter(([key]) => !(key in gone)));
}

/** Keeps what lies beside the text with nodes whose keys have changed. */
function follow(canvas: CanvasData, done: Done): CanvasData {
  const renamed = done.renamed;
  if (!renamed) return canvas;
  const to = (key: string) => renamed[key] ?? key;
  const positions = Object.fromEntries(Object.entries(canvas.positions).map(([key, point]) => [to(key), point]));
  const groups = Object.fromEntries(Object.entries(canvas.groups).map(([id, group]) => [id, { ...group, nodes: group.nodes.map(to) }]));
  return { ...canvas, positions, groups };
}

/** A node that was dropped somewhere lies there, though the text has no room to say so. */
function placed(canvas: CanvasData, command: Command, done: Done, keeps: boolean): CanvasData {
  const key = done.added?.[0];
  if (keeps || command.do !== "add" || !command.place.at || command.place.after !== undefined || key === undefined) return canvas;
  return { ...canvas, positions: { ...canvas.positions, [key]: command.place.at } };
}
