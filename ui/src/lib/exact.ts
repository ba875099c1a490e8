/** Strings, so that nothing in them is taken for a number, and whole numbers of 16 digits and more. */
const LONG_NUMBERS = /"(?:[^"\\]+|\\.)*"|(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/g;

/** JSON as somebody has written it. A whole number that would lose digits is an error that names it. */
export function exactJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  const lost = text.match(LONG_NUMBERS)?.find((part) => !isExact(part));
  if (lost) throw new Error(`${lost} has more digits than a number can keep; write it in quotes if every digit matters.`);
  return value;
}

/** Also where a number is printed like that: large ones end in zeros that stand for what cannot be told apart. */
function isExact(part: string): boolean {
  const held = Number(part);
  return part.startsWith('"') || !Number.isFinite(held) || String(held) === part || BigInt(part) === BigInt(held);
}
