import { encode } from "uqr";

/** Light modules around a code, without which cameras do not find it. */
export const QUIET = 4;

export interface Drawn {
  /** Modules along one side, with the quiet zone. */
  size: number;
  /** Path data of the dark modules, one module a unit. */
  path: string;
}

/** A text as a QR code, drawn here: what it holds is a key, and goes nowhere. */
export function drawn(text: string): Drawn {
  const { data, size } = encode(text, { ecc: "M", border: QUIET });
  let path = "";
  for (const [y, row] of data.entries()) {
    for (const [x, dark] of row.entries()) {
      if (dark) path += `M${x} ${y}h1v1h-1z`;
    }
  }
  return { size, path };
}
