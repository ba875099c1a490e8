import { type CanvasData, FlowDocument } from "@/document";
import { api, body, type Schemas, seen } from "@/lib/api";
import { Failure } from "@/lib/failure";
import { bothCanvases, readCanvas, sameCanvas } from "./canvas-data";

export type Flow = Schemas["FlowView"];

export type SaveState = "saved" | "changed" | "saving" | "failed" | "conflict";

interface Content {
  text: string;
  canvas: CanvasData;
}

/** What is kept in the browser until the server has it, and which save of the server it began with. */
interface Kept extends Content {
  revision: number;
  /** The canvas it began with: what differs from it was changed here. */
  before?: CanvasData;
}

const keptKey = (id: string): string => `weir.unsaved.${id}`;
/** How long after the last change it is saved, in milliseconds. */
const REST = 700;

/** A flow's draft while it is edited: its document, and what the server knows of it. */
export class Draft {
  readonly document: FlowDocument;
  save: SaveState = "saved";
  problem: Failure | undefined;
  /** The draft as the server has it, where somebody else has changed it meanwhile. */
  theirs: Flow | undefined;
  /** What was not saved when the page was left the last time. */
  found: Kept | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private sending: Promise<void> | undefined;
  /** What the server had when this was read or saved last; blank where nobody knows it any more. */
  private saved: Content;
  private readonly listeners = new Set<() => void>();
  version = 0;

  constructor(public flow: Flow) {
    this.saved = contentOf(flow);
    this.document = new FlowDocument(flow.files[0]?.name ?? "flow.yaml", this.saved.text, this.saved.canvas);
    this.found = readKept(flow.id, this.saved);
    this.document.subscribe(() => this.changed());
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Puts what was found back, as a change that can be undone; where others have saved since, both texts are shown first. */
  restoreFound(at: number): void {
    const { found } = this;
    this.dropFound();
    if (!found) return;
    if (found.revision !== this.flow.revision) this.holdAgainst(found);
    this.document.replace(found.text, found.canvas, at);
    if (this.theirs) this.become("conflict");
  }

  /** What is kept goes on saying what it began with, so that a page that is left is asked about again. */
  private holdAgainst({ revision, before }: Kept): void {
    this.theirs = this.flow;
    this.flow = { ...this.flow, revision };
    this.saved = { text: "", canvas: readCanvas(before) };
  }

  dropFound(): void {
    this.found = undefined;
    forget(this.flow.id);
    this.tell();
  }

  /** Saves what has changed, now. Comes back when it is done or cannot be. */
  async flush(): Promise<boolean> {
    clearTimeout(this.timer);
    await this.sending;
    if (this.clean || this.theirs) return this.clean;
    this.sending = this.send().finally(() => {
      this.sending = undefined;
    });
    await this.sending;
    return this.clean;
  }

  /** Ends a conflict with a text, and what both sides have put on the canvas: it goes over what the server has. */
  resolve(text: string, at: number): void {
    const { theirs } = this;
    if (!theirs) return;
    const [before, mine] = [this.saved.canvas, this.document.state.canvas];
    this.flow = theirs;
    this.theirs = undefined;
    this.saved = contentOf(theirs);
    const canvas = bothCanvases(before, mine, this.saved.canvas);
    this.document.replace(text, sameCanvas(canvas, mine) ? mine : canvas, at);
    this.changed();
  }

  /** Ends a conflict with all that the server has; undo brings back what was here. */
  takeTheirs(at: number): void {
    const { theirs } = this;
    this.theirs = undefined;
    if (theirs) this.take(theirs, at);
  }

  /** Takes what the server has now, for instance after an older version was restored. */
  take(flow: Flow, at: number = Date.now()): void {
    this.flow = flow;
    this.saved = contentOf(flow);
    this.document.replace(this.saved.text, this.saved.canvas, at);
    this.become("saved");
  }

  files(): Schemas["FileBody"][] {
    const [first, ...others] = this.flow.files;
    return [{ name: first?.name ?? "flow.yaml", text: this.document.state.text }, ...others];
  }

  private get clean(): boolean {
    return this.document.state.text === this.saved.text && this.document.state.canvas === this.saved.canvas;
  }

  private changed(): void {
    if (this.clean && this.save !== "saving") return this.become("saved");
    this.keep();
    if (this.theirs) return this.tell();
    this.become(this.save === "saving" ? "saving" : "changed");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.flush(), REST);
  }

  private content(): Content {
    return { text: this.document.state.text, canvas: this.document.state.canvas };
  }

  private keep(): void {
    keep(this.flow.id, { revision: this.flow.revision, before: this.saved.canvas, ...this.content() });
  }

  private async send(): Promise<void> {
    const content = this.content();
    this.become("saving");
    try {
      const params = { path: { id: this.flow.id }, header: seen(this.flow.revision) };
      const canvas = content.canvas as unknown as Record<string, never>;
      const flow = await body(api.PUT("/api/flows/{id}", { params, body: { files: this.files(), canvas } }));
      // What was brought back meanwhile is held against what is there now.
      if (this.theirs) {
        this.theirs = flow;
        return this.tell();
      }
      this.flow = flow;
      this.saved = content;
      this.problem = undefined;
      if (this.clean) forget(this.flow.id);
      else this.keep();
      this.become(this.clean ? "saved" : "changed");
      if (!this.clean) this.timer = setTimeout(() => void this.flush(), REST);
    } catch (error) {
      await this.failed(Failure.of(error));
    }
  }

  private async failed(failure: Failure): Promise<void> {
    this.problem = failure;
    if (failure.kind !== "conflict") {
      this.become("failed");
      // What may pass by itself is tried again; the text is safe in the browser meanwhile.
      if (["gone", "slow-down", "server"].includes(failure.kind)) this.timer = setTimeout(() => void this.flush(), (failure.retryAfter ?? 3) * 1000);
      return;
    }
    this.theirs = await body(api.GET("/api/flows/{id}", { params: { path: { id: this.flow.id } } })).catch(() => undefined);
    this.become(this.theirs ? "conflict" : "failed");
  }

  private become(state: SaveState): void {
    this.save = state;
    if (state === "saved") forget(this.flow.id);
    this.tell();
  }

  private tell(): void {
    this.version++;
    for (const listener of this.listeners) listener();
  }
}

const contentOf = (flow: Flow): Content => ({ text: flow.files[0]?.text ?? "", canvas: readCanvas(flow.canvas) });

function keep(id: string, kept: Kept): void {
  try {
    localStorage.setItem(keptKey(id), JSON.stringify(kept));
  } catch {
    // A full or forbidden storage leaves the server's copy, less than a second older.
  }
}

function forget(id: string): void {
  try {
    localStorage.removeItem(keptKey(id));
  } catch {
    // What is not there need not be forgotten.
  }
}

function readKept(id: string, saved: Content): Kept | undefined {
  try {
    const kept = JSON.parse(localStorage.getItem(keptKey(id)) ?? "null") as Kept | null;
    if (typeof kept?.text !== "string") return undefined;
    const canvas = readCanvas(kept.canvas);
    return kept.text === saved.text && sameCanvas(canvas, saved.canvas) ? undefined : { ...kept, canvas };
  } catch {
    return undefined;
  }
}
