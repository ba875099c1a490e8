import { isMap, type Json } from "../../text/node";

/** A name that an expression reads, as far as its letters say. */
export interface Reading {
  root: string;
  /** The member that is asked for first: `fetch` in `nodes.fetch` and in `nodes["fetch"]`. */
  member?: string;
  /** Where the name begins in the expression. */
  at: number;
  /** `{a}` for `{a: a}`. */
  short: boolean;
}

interface Token {
  text: string;
  at: number;
  sort: "word" | "text" | "sign";
}

const TOKEN = /(?<space>\s+)|(?<word>[\p{L}_$][\p{L}\p{N}_$]*)|(?<number>\d[\w.]*)|(?<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(?<sign>=>|\.\.\.|\?\.|[\s\S])/uy;

/** The tokens of an expression; what stands in a template literal is read as well. */
function tokens(source: string): Token[] {
  const found: Token[] = [];
  const literals: number[] = [];
  let depth = 0;
  for (let at = 0; at < source.length; ) {
    const match = after(source, at);
    const { word, text, sign } = match.groups ?? {};
    if (word !== undefined) found.push({ text: word, at, sort: "word" });
    else if (text !== undefined) found.push({ text, at, sort: "text" });
    else if (sign !== undefined) found.push({ text: sign, at, sort: "sign" });
    at += match[0].length;
    if (sign === "{") depth++;
    const back = sign === "}" && literals.at(-1) === depth - 1;
    if (sign === "}") depth--;
    if (back) literals.pop();
    if (sign !== "`" && !back) continue;
    at = literal(source, at);
    if (source.slice(at - 2, at) !== "${") continue;
    literals.push(depth++);
    found.push({ text: "${", at: at - 2, sort: "sign" });
  }
  return found;
}

function after(source: string, at: number): RegExpExecArray {
  TOKEN.lastIndex = at;
  return TOKEN.exec(source) as RegExpExecArray;
}

/** Behind the next `${`, or behind the end of the template literal. */
function literal(source: string, from: number): number {
  for (let at = from; at < source.length; at++) {
    if (source[at] === "\\") at++;
    else if (source[at] === "`") return at + 1;
    else if (source.startsWith("${", at)) return at + 2;
  }
  return source.length;
}

/** Names that stand for what an arrow function is given. */
function given(all: readonly Token[]): Set<string> {
  const names = new Set<string>();
  all.forEach((token, place) => {
    if (token.text !== "=>") return;
    for (let at = place - 1; at >= 0; at--) {
      const before = all[at] as Token;
      if (before.sort === "word") names.add(before.text);
      if (before.text === "(" || (at === place - 1 && before.text !== ")")) return;
    }
  });
  return names;
}

/** The names an expression reads, in their order. */
export function readings(source: string): Reading[] {
  const all = tokens(source);
  const own = given(all);
  const braces: string[] = [];
  return all.flatMap((token, place) => {
    if ("([{".includes(token.text) || token.text === "${") braces.push(token.text);
    else if (")]}".includes(token.text)) braces.pop();
    const [before, next] = [all[place - 1]?.text ?? "", all[place + 1]?.text ?? ""];
    if (token.sort !== "word" || before === "." || before === "?." || own.has(token.text)) return [];
    const inObject = braces.at(-1) === "{" && (before === "{" || before === ",");
    if (inObject && next === ":") return [];
    const member = memberAt(all, place + 1);
    return [{ root: token.text, at: token.at, short: inObject && (next === "," || next === "}"), ...(member === undefined ? {} : { member }) }];
  });
}

function memberAt(all: readonly Token[], place: number): string | undefined {
  const [first, second, third] = [all[place], all[place + 1], all[place + 2]];
  if ((first?.text === "." || first?.text === "?.") && second?.sort === "word") return second.text;
  if (first?.text === "[" && second?.sort === "text" && third?.text === "]") return second.text.slice(1, -1);
  return undefined;
}

/** Keys whose text is an expression as it stands. */
const BARE = new Set(["expression", "condition", "while", "when", "items", "collection", "forEach"]);
const PATHS = new Set(["inputMapping", "input_mapping"]);
const PATH = /^(?:data|input|vars|nodes)\./;

/** A value with every expression in it put through `change`. */
export function inExpressions(value: Json, change: (source: string) => string, key = "", above = ""): Json {
  if (typeof value === "string") return inText(value, change, isBare(value, key, above));
  if (Array.isArray(value)) return value.map((item) => inExpressions(item, change, key, above));
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, inExpressions(item, change, name, key)]));
}

const isBare = (text: string, key: string, above: string): boolean => BARE.has(key) || (above === "assign" && !text.includes("{{")) || (PATHS.has(above) && PATH.test(text));

function inText(text: string, change: (source: string) => string, bare: boolean): string {
  if (!text.includes("{{") && !text.includes("${")) return bare ? change(text) : text;
  return text.replace(/(\\?)\{\{([\s\S]*?)\}\}(?!\})|(\\?)\$\{([\s\S]*?)\}/g, (whole, quoted, curly?: string, plain?: string, dollar?: string) => {
    if (quoted || plain) return whole;
    return curly === undefined ? `\${${change(dollar ?? "")}}` : `{{${change(curly)}}}`;
  });
}
