import { lineAt, type TextDocuments, type TextEntry, type TextItem, type TextNode } from "./node";

class Unreadable extends Error {
  constructor(
    message: string,
    readonly offset: number,
  ) {
    super(message);
  }
}

const SPACE = /[ \t\r\n]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// oxlint-disable-next-line no-control-regex -- control characters are what a text must not hold
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const WORD = /true|false|null/y;
const WORDS = { true: true, false: false, null: null } as const;
const DEEPEST = 500;

/** JSON with places. Stops at the first thing that is not JSON. */
export function parseJson(source: string): TextDocuments {
  try {
    return { docs: [new Reader(source).document()], problems: [] };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    const range = [error.offset, Math.min(error.offset + 1, source.length)] as const;
    return { docs: [], problems: [{ message: error.message, range, line: lineAt(source, error.offset) }] };
  }
}

class Reader {
  private at = 0;
  constructor(private readonly source: string) {}

  document(): TextNode {
    this.space();
    const value = this.value(0);
    this.space();
    if (this.at < this.source.length) throw this.unexpected("the end of the text");
    return value;
  }

  private value(depth: number): TextNode {
    if (depth > DEEPEST) throw new Unreadable(`this is nested more than ${DEEPEST} levels deep`, this.at);
    const from = this.at;
    switch (this.source[this.at]) {
      case "{":
        return this.map(depth);
      case "[":
        return this.list(depth);
      case '"': {
        const value = this.string();
        return { kind: "scalar", style: "quoted", value, range: [from, this.at] };
      }
      default:
        return this.word();
    }
  }

  private word(): TextNode {
    const from = this.at;
    const number = this.take(NUMBER);
    if (number !== undefined) return { kind: "scalar", style: "plain", value: Number(number), range: [from, this.at] };
    const word = this.take(WORD);
    if (word === undefined) throw this.unexpected("a value");
    return { kind: "scalar", style: "plain", value: WORDS[word as keyof typeof WORDS], range: [from, this.at] };
  }

  private string(): string {
    const found = this.take(STRING);
    if (found === undefined) throw this.unexpected("a text that ends on its line");
    return JSON.parse(found) as string;
  }

  private map(depth: number): TextNode {
    const from = this.at++;
    const entries: TextEntry[] = [];
    this.space();
    while (this.source[this.at] !== "}") {
      if (entries.length > 0) this.expect(",");
      entries.push(this.entry(depth));
      this.space();
    }
    this.at++;
    return { kind: "map", flow: true, entries, range: [from, this.at] };
  }

  private entry(depth: number): TextEntry {
    const from = this.at;
    if (this.source[this.at] !== '"') throw this.unexpected("a key in quotes, or `}`");
    const key = this.string();
    this.space();
    this.expect(":");
    const colon = this.source.lastIndexOf(":", this.at) + 1;
    return { key, from, colon, value: this.value(depth + 1) };
  }

  private list(depth: number): TextNode {
    const from = this.at++;
    const items: TextItem[] = [];
    this.space();
    while (this.source[this.at] !== "]") {
      if (items.length > 0) this.expect(",");
      items.push({ from: this.at, value: this.value(depth + 1) });
      this.space();
    }
    this.at++;
    return { kind: "list", flow: true, items, range: [from, this.at] };
  }

  private expect(sign: string): void {
    if (this.source[this.at] !== sign) throw this.unexpected(`\`${sign}\``);
    this.at++;
    this.space();
  }

  private space(): void {
    this.take(SPACE);
  }

  private take(what: RegExp): string | undefined {
    what.lastIndex = this.at;
    const found = what.exec(this.source)?.[0];
    if (found) this.at += found.length;
    return found || undefined;
  }

  private unexpected(wanted: string): Unreadable {
    const found = this.source[this.at];
    return new Unreadable(`here should be ${wanted}, not ${found ? `\`${found}\`` : "the end of the text"}`, this.at);
  }
}
