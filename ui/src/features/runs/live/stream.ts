import { connection } from "@/lib/connection";
import { Failure } from "@/lib/failure";
import { add, type Happened, isOver, NOTHING } from "./happened";
import { EventReader, type SentEvent } from "./sse";

/** How the stream stands: `reading` while it is open, `broken` until it is open again, `over` when the run has ended. */
export type StreamState = "opening" | "reading" | "broken" | "over";

export interface Followed {
  happened: Happened;
  state: StreamState;
  /** Why it cannot be read at all. */
  failure?: Failure;
}

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 10_000;

/**
 * Follows a run from its beginning. When the line breaks it goes on after the last event it was told, so nothing comes
 * twice and nothing is missed; what arrives is shown once per frame.
 */
export class RunStream {
  readonly #run: string;
  readonly #listeners = new Set<() => void>();
  #now: Followed = { happened: NOTHING, state: "opening" };
  #waiting: SentEvent[] = [];
  #last = "";
  #pause = FIRST_PAUSE;
  #abort: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #planned = false;
  #forget: (() => void) | undefined;

  constructor(run: string) {
    this.#run = run;
  }

  get now(): Followed {
    return this.#now;
  }

  readonly look = (): Followed => this.#now;

  /** Reads while anybody listens. Always the same function: one that is new each time would begin anew each time. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#begin();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#end();
    };
  };

  /** Opens it again: a run that was over goes on after it is mended. */
  again(): void {
    if (this.#now.state === "reading" || this.#now.state === "opening") return;
    clearTimeout(this.#timer);
    void this.#open();
  }

  #begin(): void {
    this.#forget = connection.onFound(() => this.#now.state === "broken" && this.again());
    if (this.#now.state !== "over") void this.#open();
  }

  #end(): void {
    this.#forget?.();
    clearTimeout(this.#timer);
    this.#abort?.abort();
    // What has arrived counts as told: the next to listen goes on after it.
    this.#flush();
  }

  async #open(): Promise<void> {
    const abort = new AbortController();
    this.#abort = abort;
    try {
      const headers: Record<string, string> = this.#last ? { "last-event-id": this.#last } : {};
      const answer = await fetch(`/api/runs/${encodeURIComponent(this.#run)}/events`, { headers, signal: abort.signal, cache: "no-store" });
      if (!answer.ok || !answer.body) return await this.#refused(answer);
      this.#say({ state: "reading" });
      connection.found();
      await this.#read(answer.body);
    } catch {
      if (abort.signal.aborted) return;
      connection.lost();
    }
    this.#closed();
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    const events = new EventReader();
    const decoder = new TextDecoder();
    const reader = body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const found = events.read(decoder.decode(value, { stream: true }));
      if (found.length === 0) continue;
      this.#pause = FIRST_PAUSE;
      this.#waiting.push(...found);
      this.#plan();
    }
  }

  async #refused(answer: Response): Promise<void> {
    const failure = Failure.fromAnswer(answer, await answer.json().catch(() => undefined));
    if (failure.kind === "gone" || failure.kind === "slow-down" || failure.kind === "server") return this.#closed();
    // A position that is not known any more: from the beginning. Records that are known come to nothing.
    if (failure.kind === "invalid" && this.#last) {
      this.#last = "";
      this.#waiting = [];
      this.#say({ happened: NOTHING });
      return this.#closed();
    }
    this.#say({ state: "over", failure });
  }

  /** It has ended: with the run, or before it. */
  #closed(): void {
    this.#flush();
    if (isOver(this.#now.happened.status)) return this.#say({ state: "over" });
    this.#say({ state: "broken" });
    this.#timer = setTimeout(() => void this.#open(), this.#pause);
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE);
  }

  #plan(): void {
    if (this.#planned) return;
    this.#planned = true;
    // A page that is not looked at has no frames, and is to know what happened when it is looked at again.
    if (document.hidden) setTimeout(() => this.#flush(), 250);
    else requestAnimationFrame(() => this.#flush());
  }

  #flush(): void {
    this.#planned = false;
    if (this.#waiting.length === 0) return;
    const events = this.#waiting;
    this.#waiting = [];
    this.#last = events.findLast(({ id }) => id)?.id ?? this.#last;
    this.#say({ happened: add(this.#now.happened, events) });
  }

  #say(change: Partial<Followed>): void {
    this.#now = { ...this.#now, ...change };
    for (const listener of this.#listeners) listener();
  }
}
