import type { TextDocuments } from "./node";

/** How many texts are kept, and how many characters all of them may have. */
const MOST_TEXTS = 48;
const MOST_CHARACTERS = 2_000_000;

/**
 * What the newest texts were read as. A command reads a text before and after it, and a history goes back to texts that
 * were there already. Nobody changes what was read.
 */
export class Remembered {
  private readonly texts = new Map<string, TextDocuments>();
  private characters = 0;

  of(source: string, read: (source: string) => TextDocuments): TextDocuments {
    const there = this.texts.get(source);
    if (there) {
      // Moved to the end, where the newest are.
      this.texts.delete(source);
      this.texts.set(source, there);
      return there;
    }
    const fresh = read(source);
    this.keep(source, fresh);
    return fresh;
  }

  get size(): number {
    return this.texts.size;
  }

  private keep(source: string, fresh: TextDocuments): void {
    if (source.length > MOST_CHARACTERS) return;
    this.texts.set(source, fresh);
    this.characters += source.length;
    for (const [oldest] of this.texts) {
      if (this.texts.size <= MOST_TEXTS && this.characters <= MOST_CHARACTERS) return;
      this.texts.delete(oldest);
      this.characters -= oldest.length;
    }
  }
}
