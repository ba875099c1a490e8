// What payloads look like on the cluster: sealed under a key where there is one, in the same way as by Weir's own workers.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { DataConverter } from '@temporalio/client';

type PayloadCodec = NonNullable<DataConverter['payloadCodecs']>[number];
type Payload = Parameters<PayloadCodec['encode']>[0][number];

const ENCODING = 'encoding';
const SEALED = 'binary/weir-sealed';
const ELSEWHERE = 'binary/weir-blob';
/** Of the cipher: a nonce, what is derived of it, and what the end of a sealed text proves. */
const [NONCE, DERIVED, TAG] = [24, 16, 16];

type Key = { id: string; bytes: Buffer };

/** For workers and clients: `WEIR_PAYLOAD_KEYS` names a file with lines `id:key`. */
export function converter(): DataConverter {
  const file = process.env['WEIR_PAYLOAD_KEYS'] ?? '';
  if (file === '') return { payloadCodecs: [new Codec([])] };
  const payloadCodecs = [new Codec(keysOf(readFileSync(file, 'utf8')))];
  return { payloadCodecs, failureConverterPath: require.resolve('./failures') };
}

/** Keys that open; the last one seals. */
function keysOf(text: string): Key[] {
  const lines = text.split('\n').map((line) => line.trim());
  const keys = lines.filter((line) => line !== '' && !line.startsWith('#')).map(keyOf);
  if (keys.length === 0) throw new Error('WEIR_PAYLOAD_KEYS: there is no key in the file: write lines of `id:key`');
  return keys;
}

function keyOf(line: string): Key {
  const found = /^([^:]+):([0-9a-fA-F]{64})$/u.exec(line);
  if (found === null) throw new Error('WEIR_PAYLOAD_KEYS: a key is a line `id:key`, the key in 64 hexadecimal digits');
  const id = found[1] ?? '';
  // Its length is one byte of every sealed payload.
  if (Buffer.byteLength(id) > 255) throw new Error('WEIR_PAYLOAD_KEYS: a key has an id of at most 255 bytes');
  return { id, bytes: Buffer.from(found[2] ?? '', 'hex') };
}

class Codec implements PayloadCodec {
  constructor(private readonly keys: Key[]) {}

  encode(payloads: Payload[]): Promise<Payload[]> {
    const key = this.keys.at(-1);
    return Promise.resolve(key === undefined ? payloads : payloads.map((payload) => sealed(key, payload)));
  }

  async decode(payloads: Payload[]): Promise<Payload[]> {
    return Promise.all(payloads.map(async (payload) => this.opened(payload)));
  }

  private opened(payload: Payload): Payload {
    const encoding = Buffer.from(payload.metadata?.[ENCODING] ?? []).toString();
    if (encoding === ELSEWHERE) return elsewhere();
    return encoding === SEALED ? this.open(Buffer.from(payload.data ?? [])) : payload;
  }

  /** The length of a key's name, the name, the nonce, and what is sealed. */
  private open(bytes: Buffer): Payload {
    const start = 1 + (bytes[0] ?? 0);
    const id = bytes.subarray(1, start).toString();
    const key = this.keys.find((key) => key.id === id);
    if (key === undefined) throw new Error(`the payload is sealed: there is no key \`${id}\` in what WEIR_PAYLOAD_KEYS names`);
    const [nonce, text, tag] = [bytes.subarray(start, start + NONCE), bytes.subarray(start + NONCE, -TAG), bytes.subarray(-TAG)];
    const cipher = createDecipheriv('chacha20-poly1305', subkey(key.bytes, nonce), rest(nonce), { authTagLength: TAG });
    cipher.setAuthTag(tag);
    return read(Buffer.concat([cipher.update(text), cipher.final()]));
  }
}

function sealed(key: Key, payload: Payload): Payload {
  const [nonce, id] = [randomBytes(NONCE), Buffer.from(key.id)];
  const cipher = createCipheriv('chacha20-poly1305', subkey(key.bytes, nonce), rest(nonce), { authTagLength: TAG });
  const text = [cipher.update(written(payload)), cipher.final(), cipher.getAuthTag()];
  return { metadata: { [ENCODING]: Buffer.from(SEALED) }, data: Buffer.concat([Buffer.from([id.length]), id, nonce, ...text]) };
}

/** In a store that is out of reach here. Whoever wanted it says so; a run would never go on if this failed. */
function elsewhere(): Payload {
  return { metadata: { [ENCODING]: Buffer.from('json/plain') }, data: Buffer.from('{"$weirElsewhere":true}') };
}

/** A whole payload: how much is said about it, each name and value after its length, and the data. */
function written({ metadata, data }: Payload): Buffer {
  const said = Object.entries(metadata ?? {}).map(([name, value]): [Buffer, Uint8Array] => [Buffer.from(name), value]);
  said.sort(([a], [b]) => Buffer.compare(a, b));
  const parts = said.flat().flatMap((part) => [number(part.length), part]);
  return Buffer.concat([number(said.length), ...parts, data ?? Buffer.alloc(0)]);
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function read(bytes: Buffer): Payload {
  let at = 4;
  const part = (): Buffer => {
    const start = at + 4;
    at = start + bytes.readUInt32LE(at);
    return bytes.subarray(start, at);
  };
  const metadata: { [name: string]: Uint8Array } = {};
  for (let left = bytes.readUInt32LE(0); left > 0; left -= 1) {
    const name = part().toString();
    metadata[name] = part();
  }
  return { metadata, data: bytes.subarray(at) };
}

// XChaCha20: Node knows the cipher with a short nonce, and the long one is taken in by deriving a key from its beginning.

function rest(nonce: Buffer): Buffer {
  return Buffer.concat([Buffer.alloc(4), nonce.subarray(DERIVED)]);
}

const CONSTANTS = Buffer.from('expand 32-byte k');
const QUARTERS = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
];

/** HChaCha20: the first and the last row of what ten double rounds make of key and nonce. */
function subkey(key: Buffer, nonce: Buffer): Buffer {
  const begin = Buffer.concat([CONSTANTS, key, nonce.subarray(0, DERIVED)]);
  const state = Uint32Array.from({ length: 16 }, (_, place) => begin.readUInt32LE(4 * place));
  for (let round = 0; round < 10; round += 1) {
    for (const [a = 0, b = 0, c = 0, d = 0] of QUARTERS) {
      mix(state, a, b, d, 16);
      mix(state, c, d, b, 12);
      mix(state, a, b, d, 8);
      mix(state, c, d, b, 7);
    }
  }
  return Buffer.concat([...state.subarray(0, 4), ...state.subarray(12)].map(number));
}

/** Adds one word to another, and turns a third that the sum was mixed into. */
function mix(state: Uint32Array, sum: number, other: number, turned: number, bits: number): void {
  const added = (word(state, sum) + word(state, other)) >>> 0;
  state[sum] = added;
  const mixed = word(state, turned) ^ added;
  state[turned] = ((mixed << bits) | (mixed >>> (32 - bits))) >>> 0;
}

function word(state: Uint32Array, place: number): number {
  return state[place] ?? 0;
}
