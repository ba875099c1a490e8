/** `order`, `order-2`, `order-3`: the first has no number. */
export function numbered(name: string, number: number, between: string): string {
  return number === 1 ? name : `${name}${between}${number}`;
}

/** The number of the first of these names that is not taken. */
export function firstFree(name: string, taken: ReadonlySet<string>): number {
  let number = 1;
  while (taken.has(numbered(name, number, "-"))) number += 1;
  return number;
}
