type Say = (quoted: readonly string[]) => string;

const short = (type = ""): string => (type.startsWith("{") ? "an object" : type.length > 60 ? `${type.slice(0, 60)}…` : `\`${type.replaceAll("readonly ", "")}\``);
const guess = (near: string | undefined): string => (near ? `; did you mean \`${near}\`?` : "");
const bare = (name: string): string => name.replaceAll('"', "");
const unnamed: Say = ([name, near]) => `there is nothing named \`${name}\` here${guess(near)}`;
const unlike: Say = ([given, wanted]) => `${short(given)} is given where ${short(wanted)} is wanted`;
const noNumber: Say = () => "a number is wanted here; another value is read as one, or gives NaN";

/** What of TypeScript's findings holds for expressions, by its numbers, in words of ours. */
const HELD: Record<number, Say> = {
  2304: unnamed,
  2552: unnamed,
  2339: ([name, type]) => `${short(type)} has no member \`${name}\``,
  2551: ([name, type, near]) => `${short(type)} has no member \`${name}\`${guess(near)}`,
  2345: unlike,
  2322: unlike,
  2353: ([name = ""]) => `there is no member \`${bare(name)}\``,
  2561: ([name = "", , near]) => `there is no member \`${bare(name)}\`${guess(near)}`,
  2349: () => "this is nothing that can be called",
  2362: noNumber,
  2363: noNumber,
  2365: ([operator, left, right]) => `\`${operator}\` has ${short(left)} and ${short(right)} at its sides`,
  2554: () => "there are more or fewer values in the brackets than this takes",
  2555: () => "there are fewer values in the brackets than this needs",
};

/** Of a value that lacks something: what it is stands further down in the message. */
const LACKS = new Set([1360, 2739, 2740, 2741]);
const MISSING = /Property '([^']+)' is missing|missing the following properties from type '[^]*?': ([^\n]+)/;

const UNKNOWN_NAMES = new Set([2304, 2552]);

/**
 * What is said of a finding; nothing where it does not hold. Where names may be there that nobody knows of (`open`),
 * an unknown one is none.
 */
export function said(code: number, message: string, open: boolean): string | undefined {
  if (open && UNKNOWN_NAMES.has(code)) return undefined;
  if (LACKS.has(code)) {
    const missing = MISSING.exec(message);
    return missing ? `\`${missing[1] ?? missing[2]}\` is missing` : "the value is of another type than is wanted";
  }
  const quoted = Array.from(message.split("\n")[0]?.matchAll(/'((?:[^'\\]|\\.)*)'/g) ?? [], (match) => match[1] ?? "");
  return HELD[code]?.(quoted);
}
