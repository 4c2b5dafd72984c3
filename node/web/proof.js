// C2SP tlog-proof v1 and tlog-checkpoint: the files that a receipt is made of.
// SPDX-License-Identifier: EUPL-1.2
import {
  fromBase64, fromDecimal, fromUtf8, malformed, utf8,
} from './bytes.js';
import { parseNote } from './note.js';

const MAGIC = 'c2sp.org/tlog-proof@v1\n';
const HASHES_MAX = 63;
const ORIGIN_BYTES_MAX = 255;

function hash(line) {
  const bytes = fromBase64(line);
  if (bytes.length !== 32) {
    throw malformed('a hash is not 32 bytes in base64');
  }
  return bytes;
}

export function isProof(bytes) {
  const magic = utf8(MAGIC);
  return magic.every((v, i) => bytes[i] === v);
}

/** {origin, size, root, note} of a signed note's bytes. */
export function parseCheckpoint(bytes) {
  const note = parseNote(bytes);
  const lines = note.text.split('\n').slice(0, -1);
  if (lines.length < 3 || lines.slice(3).includes('')) {
    throw malformed('checkpoint: three lines, and none of them empty');
  }
  const [origin, size, root] = lines;
  if (origin === '' || utf8(origin).length > ORIGIN_BYTES_MAX) {
    throw malformed('checkpoint: its origin');
  }
  return { origin, size: fromDecimal(size), root: hash(root), note };
}

/** {extra, index, path, checkpoint}; extra is null when there is none. */
export function parseProof(bytes) {
  const text = fromUtf8(bytes);
  if (!text.startsWith(MAGIC)) {
    throw malformed('the first line is not c2sp.org/tlog-proof@v1');
  }
  const end = text.indexOf('\n\n');
  if (end < 0) {
    throw malformed('no empty line after the hashes');
  }
  const lines = text.slice(MAGIC.length, end).split('\n');
  let extra = null;
  if (lines[0].startsWith('extra ')) {
    extra = fromBase64(lines.shift().slice(6));
    if (extra.length === 0) {
      throw malformed('the extra line is empty');
    }
  }
  const index = /^index (.+)$/.exec(lines.shift() ?? '');
  if (!index || lines.length > HASHES_MAX) {
    throw malformed('no index line, or too many hashes');
  }
  return {
    extra,
    index: fromDecimal(index[1]),
    path: lines.map(hash),
    checkpoint: parseCheckpoint(utf8(text.slice(end + 2))),
  };
}
