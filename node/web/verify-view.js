// Verifying: a file and its receipt, checked in the browser alone.
// SPDX-License-Identifier: EUPL-1.2
import { $, el, onDrop, said } from './dom.js';
import { hashFileWith } from './hasher.js';
import { say, sayPlain } from './i18n.js';
import { isProof } from './proof.js';
import { factsOf, reasonOf, stepsList, verdict } from './steps-view.js';
import { onTrustChange, trustedPolicy } from './trust.js';
import { verifyReceipt } from './verify.js';

const EMPTY_POLICY = { logs: [], witnesses: [], members: new Map(), quorum: 'none' };
const RECEIPT_BYTES_MAX = 1024 * 1024;
let file = null;
let receipt = null;
let turn = 0;

/** The digest, with the progress bar; kept for when the policy changes. */
async function digestOf(alg) {
  const bar = $('verify-progress');
  const mine = file;
  mine.digests ??= {};
  if (mine.digests[alg] === undefined) {
    bar.max = Math.max(mine.file.size, 1);
    bar.value = 0;
    bar.hidden = false;
    try {
      mine.digests[alg] = await hashFileWith(alg, mine.file, (n) => {
        bar.value = file === mine ? n : bar.value;
      }, mine.leave.signal);
    } finally {
      bar.hidden = file === mine || file === null;
    }
  }
  return mine.digests[alg];
}

function meaning() {
  return el('div.meaning', {},
    el('div.note', {}, said('h3', 'verify.proves'),
      said('p', 'verify.proves.text')),
    el('div.note', {}, said('h3', 'verify.proves-not'),
      said('p', 'verify.proves-not.text')));
}

/** The sentence that matters most: since when at least, or why not. */
function sentence(result) {
  if (!result.ok) {
    return reasonOf(result);
  }
  if (!file) {
    return said('p', 'verify.ok-no-file.text');
  }
  return result.leaf.kind === 'raw' ? null
    : said('p', 'verify.ok.text', { time: { us: result.leaf.timeUs } });
}

function verdictOf(result) {
  const key = `verify.${result.ok ? 'ok' : 'failed'}${file ? '' : '-no-file'}`;
  say($('verify-status'), key);
  return verdict(result.ok ? 'ok' : 'failed', key, sentence(result));
}

function show(result) {
  const answer = verdictOf(result);
  const parts = [answer, result.ok && file ? meaning() : null];
  if (result.index !== null) {
    parts.push(said('h3', 'verify.says'), factsOf(result));
  }
  parts.push(stepsList(result));
  $('verify-result').replaceChildren(...parts.filter((p) => p !== null));
  $('verify-result').dataset.code = result.code ?? 'ok';
  answer.scrollIntoView({ block: 'nearest' });
}

/** What was found no longer stands once something else is chosen. */
function clear() {
  delete $('verify-result').dataset.code;
  sayPlain($('verify-status'), '');
  $('verify-result').replaceChildren();
  $('verify-clear').hidden = file === null && receipt === null;
  return ++turn;
}

/** As if the page had just been opened; the trust policy stays. */
function startAgain() {
  file?.leave.abort();
  file = null;
  receipt = null;
  clear();
  say($('verify-file-name'), 'verify.none');
  say($('verify-receipt-name'), 'verify.none');
  $('verify-file').focus();
}

async function judge() {
  const mine = clear();
  if (!receipt) {
    if (file) {
      $('verify-result').append(said('p', 'verify.need-receipt'));
      say($('verify-status'), 'verify.need-receipt');
    }
    return;
  }
  const result = await verifyReceipt({
    receipt: receipt.bytes,
    policy: trustedPolicy() ?? EMPTY_POLICY,
    nowUs: Date.now() * 1000,
    digestOf: file ? digestOf : undefined,
  });
  if (mine === turn) {
    show(result);
  }
}

/** The reading of the file before is given up. */
function setFile(chosen) {
  file?.leave.abort();
  file = { file: chosen, leave: new AbortController() };
  clear();
  say($('verify-file-name'), 'verify.chosen',
    { name: chosen.name, size: { bytes: chosen.size } });
}

async function setReceipt(chosen) {
  clear();
  try {
    const part = chosen.slice(0, RECEIPT_BYTES_MAX);
    receipt = { bytes: new Uint8Array(await part.arrayBuffer()) };
    sayPlain($('verify-receipt-name'), chosen.name);
  } catch {
    receipt = null;
    say($('verify-receipt-name'), 'verify.unreadable');
  }
}

async function looksLikeReceipt(chosen) {
  if (chosen.name.endsWith('.tlog-proof')) {
    return true;
  }
  try {
    return isProof(new Uint8Array(await chosen.slice(0, 64).arrayBuffer()));
  } catch {
    return false;
  }
}

async function takeDropped(files) {
  for (const chosen of files) {
    if (await looksLikeReceipt(chosen)) {
      await setReceipt(chosen);
    } else {
      setFile(chosen);
    }
  }
  await judge();
}

export function startVerify() {
  onDrop($('verify-drop'), takeDropped);
  $('verify-file').addEventListener('change', async (e) => {
    if (e.target.files.length > 0) {
      setFile(e.target.files[0]);
      e.target.value = '';
      await judge();
    }
  });
  $('verify-receipt').addEventListener('change', async (e) => {
    if (e.target.files.length > 0) {
      await setReceipt(e.target.files[0]);
      e.target.value = '';
      await judge();
    }
  });
  $('verify-clear').addEventListener('click', startAgain);
  onTrustChange(judge);
}
