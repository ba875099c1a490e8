/** Files in one archive, stored as they are. */
export interface ZipFile {
  name: string;
  text: string;
}

const TABLE = Array.from({ length: 256 }, (_, at) => {
  let value = at;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value >>> 0;
});

export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** Names are UTF-8, and no file has a time: the same files give the same archive. */
export function zip(files: ZipFile[]): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const parts: Uint8Array[] = [];
  const entries: Uint8Array[] = [];
  let at = 0;
  for (const file of files) {
    const name = encoder.encode(file.name);
    const body = encoder.encode(file.text);
    const about = described(body, name);
    const local = joined([header([[4, 0x04034b50]]), about, name, body]);
    entries.push(joined([header([[4, 0x02014b50], [2, 20]]), about, header([[2, 0], [2, 0], [2, 0], [4, 0], [4, at]]), name]));
    parts.push(local);
    at += local.length;
  }
  const index = joined(entries);
  const end = header([[4, 0x06054b50], [2, 0], [2, 0], [2, files.length], [2, files.length], [4, index.length], [4, at], [2, 0]]);
  return joined([...parts, index, end]);
}

/** What both the file and the index say: version, UTF-8, stored, the first day there is, sum and sizes. */
function described(body: Uint8Array, name: Uint8Array): Uint8Array {
  return header([[2, 20], [2, 0x0800], [2, 0], [2, 0], [2, 0x21], [4, crc32(body)], [4, body.length], [4, body.length], [2, name.length], [2, 0]]);
}

/** Numbers with their widths, the lowest byte first. */
function header(numbers: [width: number, value: number][]): Uint8Array {
  return Uint8Array.from(numbers.flatMap(([width, value]) => Array.from({ length: width }, (_, byte) => (value >>> (8 * byte)) & 0xff)));
}

function joined(parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
