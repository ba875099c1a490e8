/** The server counts bytes of UTF-8, the page units of UTF-16. */
export function fromBytes(text: string, bytes: number): number {
  if (bytes <= 0) return 0;
  let seen = 0;
  for (let at = 0; at < text.length; ) {
    if (seen >= bytes) return at;
    const code = text.codePointAt(at) ?? 0;
    seen += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    at += code < 0x10000 ? 1 : 2;
  }
  return text.length;
}

export const toBytes = (text: string, at: number): number => new TextEncoder().encode(text.slice(0, at)).length;
