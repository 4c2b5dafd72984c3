// Hashes files in pieces, off the page's thread. In: {id, file}, or {id} alone
// to give up. Out: {id, done} now and then, at last {id, digest} or
// {id, error}.
// SPDX-License-Identifier: EUPL-1.2
import { toHex } from './bytes.js';
import { Sha256 } from './sha256.js';

const PIECE_BYTES = 1024 * 1024;
const TELL_EVERY_MS = 100;
let wanted = null;

async function hash(id, file) {
  const h = new Sha256();
  let told = performance.now();
  for (let at = 0; at < file.size; at += PIECE_BYTES) {
    const piece = await file.slice(at, at + PIECE_BYTES).arrayBuffer();
    if (wanted !== id) {
      throw new Error('given up');
    }
    h.update(new Uint8Array(piece));
    if (performance.now() - told > TELL_EVERY_MS) {
      told = performance.now();
      postMessage({ id, done: at + piece.byteLength });
    }
  }
  return toHex(h.finish());
}

onmessage = async ({ data: { id, file } }) => {
  if (file === undefined) {
    wanted = wanted === id ? null : wanted;
    return;
  }
  wanted = id;
  try {
    postMessage({ id, digest: await hash(id, file) });
  } catch (error) {
    postMessage({ id, error: String(error.message ?? error) });
  }
};
