// A log or witness that signs notes, made anew for each test; written from the
// C2SP specifications and not from the page's code.
// SPDX-License-Identifier: EUPL-1.2
import { createHash, generateKeyPairSync, sign } from 'node:crypto';

export async function makeSigner(name, type = 1) {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = Buffer.concat([Buffer.of(type),
    Buffer.from(publicKey.export({ format: 'jwk' }).x, 'base64url')]);
  const id = createHash('sha256')
    .update(`${name}\n`).update(raw).digest().subarray(0, 4);
  const line = async (text, timeS = 0) => {
    const time = Buffer.alloc(8);
    time.writeBigUInt64BE(BigInt(timeS));
    const signed = type === 1 ? text : `cosignature/v1\ntime ${timeS}\n${text}`;
    const all = Buffer.concat([id, type === 1 ? Buffer.alloc(0) : time,
      sign(null, Buffer.from(signed), privateKey)]);
    return `\u2014 ${name} ${all.toString('base64')}\n`;
  };
  return {
    vkey: `${name}+${id.toString('hex')}+${raw.toString('base64')}`,
    line,
    note: async (text) => `${text}\n${await line(text)}`,
  };
}
