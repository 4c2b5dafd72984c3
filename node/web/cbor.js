// Deterministic CBOR (RFC 8949 section 4.2.1), as much as leaves are made of:
// unsigned integers, byte and text strings, arrays and tags. What is encoded
// otherwise than the one way is refused.
// SPDX-License-Identifier: EUPL-1.2
import { fromUtf8, Refusal } from './bytes.js';

const DEPTH_MAX = 16;
const UINT = 0;
const BYTES = 2;
const TEXT = 3;
const ARRAY = 4;
const TAG = 6;

export class Tagged {
  constructor(tag, value) {
    this.tag = tag;
    this.value = value;
  }
}

class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  take(n) {
    if (n > this.bytes.length - this.at) {
      throw new Refusal('truncated', 'CBOR: it ends too early');
    }
    this.at += n;
    return this.bytes.subarray(this.at - n, this.at);
  }

  /** The argument in the shortest form: [major type, value as BigInt]. */
  head() {
    const first = this.take(1)[0];
    const info = first & 31;
    if (info < 24) {
      return [first >> 5, BigInt(info)];
    }
    if (info > 27) {
      throw new Refusal('not-canonical', 'CBOR: indefinite or reserved length');
    }
    const width = 1 << (info - 24);
    let value = 0n;
    for (const byte of this.take(width)) {
      value = (value << 8n) | BigInt(byte);
    }
    const least = width === 1 ? 24n : 1n << BigInt(4 * width);
    if (value < least) {
      throw new Refusal('not-canonical', 'CBOR: not the shortest form');
    }
    return [first >> 5, value];
  }

  string(n) {
    return this.take(n > 0xffffffffn ? Infinity : Number(n));
  }

  array(n, depth) {
    if (n > BigInt(this.bytes.length - this.at)) {
      throw new Refusal('truncated', 'CBOR: an array longer than the input');
    }
    return Array.from({ length: Number(n) }, () => this.item(depth + 1));
  }

  item(depth) {
    if (depth > DEPTH_MAX) {
      throw new Refusal('too-large', 'CBOR: nested too deeply');
    }
    const [major, value] = this.head();
    switch (major) {
      case UINT:
        return value;
      case BYTES:
        return this.string(value).slice();
      case TEXT:
        return fromUtf8(this.string(value));
      case ARRAY:
        return this.array(value, depth);
      case TAG:
        return new Tagged(value, this.item(depth + 1));
      default:
        throw new Refusal('unsupported', `CBOR: major type ${major}`);
    }
  }
}

/** One item and nothing after it. Integers come as BigInt, byte strings as
 *  Uint8Array, tags as Tagged. */
export function decodeCbor(bytes) {
  const reader = new Reader(bytes);
  const item = reader.item(0);
  if (reader.at !== bytes.length) {
    throw new Refusal('trailing-bytes', 'CBOR: bytes after the end');
  }
  return item;
}
