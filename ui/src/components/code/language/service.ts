import { typescript as ts } from "monaco-editor/languages/features/typescript/lib/typescriptServices";
import type { LanguageServiceHost } from "typescript";
import { said } from "./messages";

/** Where somebody stands in an expression, and the names that can be used there as TypeScript declares them. */
export interface Asked {
  names: string;
  /** Other names may be there too. */
  open: boolean;
  expression: string;
  at: number;
  /** Where the text is JSON: the type that it is to be of. */
  wanted?: string | undefined;
}

/** Places are in the expression, in UTF-16 units. */
export interface Told {
  from: number;
  to: number;
}

export interface Hover extends Told {
  type: string;
  docs: string;
}

export interface Offered extends Told {
  label: string;
  insert: string;
  sort: "method" | "function" | "name" | "word";
  detail: string;
  docs: string;
}

export interface Signature {
  label: string;
  docs: string;
  /** Each as it stands in the label. */
  parameters: string[];
  active: number;
}

export interface Wrong extends Told {
  message: string;
}

const [LANGUAGE, NAMES, EXPRESSION] = ["/language.d.ts", "/names.d.ts", "/expression.ts"];
/** What stands before the expression; with the brackets an object is no block. */
const BEFORE = "(";
/** Words of TypeScript that an expression has too. */
const WORDS = new Set(["true", "false", "null", "undefined", "typeof", "in"]);

/** Those of them that JSON has. */
const LITERALS = new Set(["true", "false", "null"]);

/** TypeScript's language service for one expression at a time; the language is what `library` declares and no more. */
export class ExpressionService {
  private readonly texts = new Map<string, { text: string; version: number }>();
  private readonly service;

  constructor(library: string) {
    this.put(LANGUAGE, library);
    this.put(NAMES, "");
    this.put(EXPRESSION, "");
    this.service = ts.createLanguageService(this.host());
  }

  private host(): LanguageServiceHost {
    return {
      // An old target makes lists known without iterators, which the language has not.
      getCompilationSettings: () => ({ noLib: true, strictNullChecks: true, target: ts.ScriptTarget.ES5, types: [] }),
      getScriptFileNames: () => [...this.texts.keys()],
      getScriptVersion: (name) => String(this.texts.get(name)?.version ?? 0),
      getScriptSnapshot: (name) => ts.ScriptSnapshot.fromString(this.texts.get(name)?.text ?? ""),
      getCurrentDirectory: () => "/",
      getDefaultLibFileName: () => LANGUAGE,
      fileExists: (name) => this.texts.has(name),
      readFile: (name) => this.texts.get(name)?.text,
    };
  }

  private put(name: string, text: string): void {
    const before = this.texts.get(name);
    if (before?.text !== text) this.texts.set(name, { text, version: (before?.version ?? 0) + 1 });
  }

  /** Takes on an expression; gives the place in its file. */
  private take({ names, expression, at, wanted }: Asked): number {
    this.put(NAMES, names);
    this.put(EXPRESSION, `${BEFORE}${expression}\n)${wanted === undefined ? "" : ` satisfies ${wanted}`}`);
    return at + BEFORE.length;
  }

  /** What stands at a place. */
  hover(asked: Asked): Hover | undefined {
    const info = this.service.getQuickInfoAtPosition(EXPRESSION, this.take(asked));
    if (!info) return undefined;
    const { start, length } = info.textSpan;
    return { from: start - BEFORE.length, to: start + length - BEFORE.length, type: plain(text(info.displayParts)), docs: text(info.documentation) };
  }

  /** What could stand at a place, best first. */
  complete(asked: Asked): Offered[] {
    const place = this.take(asked);
    const found = this.service.getCompletionsAtPosition(EXPRESSION, place, { includeCompletionsWithInsertText: true });
    const from = wordBefore(asked.expression, asked.at);
    const kept = (found?.entries ?? []).filter((entry) => isOffered(entry.kind, entry.name, asked));
    return kept.slice(0, MOST).map((entry) => {
      const details = this.service.getCompletionEntryDetails(EXPRESSION, place, entry.name, undefined, entry.source, undefined, entry.data);
      const start = entry.replacementSpan ? entry.replacementSpan.start - BEFORE.length : from;
      return { label: entry.name, insert: entry.insertText ?? entry.name, from: start, to: asked.at, sort: sortOf(entry.kind), detail: plain(text(details?.displayParts)), docs: text(details?.documentation) };
    });
  }

  /** The function whose brackets are around a place. */
  signature(asked: Asked): Signature | undefined {
    const found = this.service.getSignatureHelpItems(EXPRESSION, this.take(asked), undefined);
    const item = found?.items[found.selectedItemIndex];
    if (!found || !item) return undefined;
    const parameters = item.parameters.map((one) => text(one.displayParts));
    const label = text(item.prefixDisplayParts) + parameters.join(text(item.separatorDisplayParts)) + text(item.suffixDisplayParts);
    return { label, docs: text(item.documentation), parameters, active: Math.min(found.argumentIndex, Math.max(0, parameters.length - 1)) };
  }

  /** What the types say is wrong, as far as that holds for the language. */
  wrong(asked: Asked): Wrong[] {
    this.take(asked);
    return this.service.getSemanticDiagnostics(EXPRESSION).flatMap((one) => {
      const message = said(one.code, ts.flattenDiagnosticMessageText(one.messageText, "\n"), asked.open);
      const from = (one.start ?? 0) - BEFORE.length;
      return message === undefined || from < 0 ? [] : [{ from, to: from + (one.length ?? 1), message }];
    });
  }
}

/** As many as are offered; more letters make them fewer. */
const MOST = 300;

const text = (parts: readonly { text: string }[] | undefined): string => (parts ?? []).map((part) => part.text).join("");

/** Without what TypeScript calls the sort of a name, and without `readonly`, which everything is here. */
const plain = (shown: string): string => shown.replace(/^(?:const|var|let|function|parameter) /, "").replace(/^\((?:property|method|parameter|index|type parameter)\) /, "").replaceAll("readonly ", "");

function isOffered(kind: string, name: string, { expression, at, wanted }: Asked): boolean {
  if (wanted !== undefined) return kind === "property" || kind === "string" || LITERALS.has(name);
  if (kind === "keyword") return WORDS.has(name) && !/[.?]\s*\w*$/.test(expression.slice(0, at));
  return kind !== "module" && kind !== "interface" && kind !== "type" && name !== "globalThis" && name !== "undefined" && name !== "arguments" && kind !== "warning";
}

function sortOf(kind: string): Offered["sort"] {
  if (kind === "method") return "method";
  if (kind === "function" || kind === "local function") return "function";
  return kind === "keyword" ? "word" : "name";
}

function wordBefore(expression: string, at: number): number {
  return at - (/[\p{L}\p{N}_$]*$/u.exec(expression.slice(0, at))?.[0].length ?? 0);
}
