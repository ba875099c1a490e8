/** Reads server-sent events from pieces of text, wherever these are cut. */
export interface SentEvent {
  event: string;
  data: string;
  /** Absent where the event has no place in the order. */
  id?: string;
}

export class EventReader {
  #rest = "";

  /** The events that a further piece completes. */
  read(piece: string): SentEvent[] {
    const text = this.#rest + piece.replaceAll("\r", "");
    const blocks = text.split("\n\n");
    this.#rest = blocks.pop() ?? "";
    return blocks.map(eventOf).filter((one) => one !== undefined);
  }
}

function eventOf(block: string): SentEvent | undefined {
  const found: { event: string; data: string[]; id?: string } = { event: "message", data: [] };
  for (const line of block.split("\n")) {
    const at = line.indexOf(":");
    // A comment keeps the line open and says nothing.
    if (at === 0) continue;
    const name = at < 0 ? line : line.slice(0, at);
    const value = at < 0 ? "" : line.slice(at + 1).replace(/^ /, "");
    if (name === "data") found.data.push(value);
    if (name === "event") found.event = value;
    if (name === "id") found.id = value;
  }
  return found.data.length === 0 ? undefined : { ...found, data: found.data.join("\n") };
}
