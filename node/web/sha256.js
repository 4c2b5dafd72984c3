// SHA-256 (FIPS 180-4), in pieces: what the browser's own cannot do, and what
// is needed where it has none.
// SPDX-License-Identifier: EUPL-1.2

const BLOCK = 64;
const K = new Int32Array(64);
const START = new Int32Array(8);

/** Fractional parts of roots of the first primes, as the standard derives its
 *  constants; 64 bits of mantissa are had by integer roots of p << 2n. */
function deriveConstants() {
  const primes = [];
  for (let n = 2; primes.length < 64; n++) {
    if (primes.every((p) => n % p !== 0)) {
      primes.push(n);
    }
  }
  const root = (value, power) => {
    let low = 0n;
    let high = 1n << 40n;
    while (high - low > 1n) {
      const middle = (low + high) >> 1n;
      if (middle ** power <= value) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return Number(BigInt.asIntN(32, low));
  };
  primes.forEach((p, i) => {
    K[i] = root(BigInt(p) << 96n, 3n);
    if (i < 8) {
      START[i] = root(BigInt(p) << 64n, 2n);
    }
  });
}
deriveConstants();

export class Sha256 {
  constructor() {
    this.state = Int32Array.from(START);
    this.words = new Int32Array(64);
    this.block = new Uint8Array(BLOCK);
    this.have = 0;
    this.total = 0;
  }

  update(bytes) {
    let at = 0;
    this.total += bytes.length;
    if (this.have > 0) {
      at = Math.min(BLOCK - this.have, bytes.length);
      this.block.set(bytes.subarray(0, at), this.have);
      this.have += at;
      if (this.have < BLOCK) {
        return this;
      }
      this.compress(this.block, 0);
      this.have = 0;
    }
    for (; at + BLOCK <= bytes.length; at += BLOCK) {
      this.compress(bytes, at);
    }
    this.block.set(bytes.subarray(at));
    this.have = bytes.length - at;
    return this;
  }

  /** The digest; the object is then of no further use. */
  finish() {
    const bits = BigInt(this.total) * 8n;
    const pad = new Uint8Array(this.have < 56 ? 64 - this.have : 128 - this.have);
    pad[0] = 0x80;
    new DataView(pad.buffer).setBigUint64(pad.length - 8, bits);
    this.update(pad);
    const out = new DataView(new ArrayBuffer(32));
    this.state.forEach((v, i) => out.setInt32(4 * i, v));
    return new Uint8Array(out.buffer);
  }

  schedule(bytes, at) {
    const w = this.words;
    for (let i = 0; i < 16; i++, at += 4) {
      w[i] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) |
        bytes[at + 3];
    }
    for (let i = 16; i < 64; i++) {
      const x = w[i - 15];
      const y = w[i - 2];
      const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0;
    }
  }

  compress(bytes, at) {
    const w = this.words;
    const s = this.state;
    let a = s[0], b = s[1], c = s[2], d = s[3];
    let e = s[4], f = s[5], g = s[6], h = s[7];
    this.schedule(bytes, at);
    for (let i = 0; i < 64; i++) {
      const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^
        ((e >>> 25) | (e << 7));
      const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
      const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^
        ((a >>> 22) | (a << 10));
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g; g = f; f = e; e = (d + t1) | 0;
      d = c; c = b; b = a; a = (t1 + t2) | 0;
    }
    s[0] += a; s[1] += b; s[2] += c; s[3] += d;
    s[4] += e; s[5] += f; s[6] += g; s[7] += h;
  }
}

export function sha256(...parts) {
  const h = new Sha256();
  parts.forEach((p) => h.update(p));
  return h.finish();
}
