// Receipts: the documentation's own, and every change of it.
// SPDX-License-Identifier: EUPL-1.2
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { toBase64, utf8 } from '../../../node/web/bytes.js';
import { leafHash, nodeHash } from '../../../node/web/merkle.js';
import { parsePolicy } from '../../../node/web/policy.js';
import { isProof, parseProof } from '../../../node/web/proof.js';
import { verifyReceipt } from '../../../node/web/verify.js';
import { makeSigner } from './signer.mjs';

/** The receipt that docs/receipts.md verifies by hand, with its two keys. */
const page = readFileSync(
  new URL('../../../docs/receipts.md', import.meta.url), 'utf8');
const receipt = /```\n(c2sp\.org\/tlog-proof@v1\n[^`]*)```/.exec(page)[1];
const [, logKey, witnessKey] =
  /```\n(ledger\.example\S+)\n(witness\S+)\n```/.exec(page);
const policyText = `log ${logKey}\nwitness one ${witnessKey}\nquorum one\n`;
const digest = createHash('sha256').update('document 6').digest('hex');
const NOW = 1767226000e6;

function verify(more = {}) {
  return verifyReceipt({
    receipt: utf8(receipt), policy: parsePolicy(policyText), nowUs: NOW,
    digestOf: async () => digest, ...more,
  });
}
const outcome = (result, id) => result.steps.find((s) => s.id === id).outcome;

test('the receipt of the documentation', async () => {
  const result = await verify();
  assert.equal(result.code, null, JSON.stringify(result.steps,
    (_, v) => typeof v === 'bigint' ? String(v) : v));
  assert.ok(result.ok);
  assert.deepEqual(result.steps.map((s) => s.outcome), Array(8).fill('ok'));
  assert.deepEqual([result.index, result.size], [6n, 11n]);
  assert.equal(result.leaf.author, 'acme');
  assert.equal(result.witnessedS, 1767225570);
});

test('another file, and the rest is still told', async () => {
  const result = await verify({ digestOf: async () => '00'.repeat(32) });
  assert.equal(result.code, 'digest-mismatch');
  assert.equal(outcome(result, 'signature'), 'ok');
  assert.equal(outcome(result, 'inclusion'), 'ok');
});

test('without a file that step is skipped', async () => {
  const result = await verify({ digestOf: undefined });
  assert.ok(result.ok);
  assert.equal(outcome(result, 'digest'), 'skipped');
});

test('any changed character is refused', async () => {
  const policy = parsePolicy(policyText);
  for (let i = 0; i < receipt.length; i++) {
    const c = receipt[i] === 'A' ? 'B' : 'A';
    const changed = receipt.slice(0, i) + c + receipt.slice(i + 1);
    const result = await verify({ receipt: utf8(changed), policy });
    assert.ok(!result.ok, `character ${i}: ${JSON.stringify(receipt[i])}`);
  }
});

test('any shortening is refused', async () => {
  for (let n = 0; n < receipt.length; n++) {
    const result = await verify({ receipt: utf8(receipt.slice(0, n)) });
    assert.ok(!result.ok, `${n} characters`);
  }
});

test('whom one does not trust', async () => {
  const log = await makeSigner('ledger.example.org/test');
  const none = await makeSigner('log.example/other');
  const witness = await makeSigner('witness.example.net', 4);
  const codes = [
    [`log ${none.vkey}\nquorum none\n`, 'unknown-log'],
    [`log ${log.vkey}\nquorum none\n`, 'no-trusted-signature'],
    [`log ${logKey}\nwitness w ${witness.vkey}\nquorum w\n`, 'quorum-missing'],
    [`log ${logKey}\nquorum none\n`, null],
  ];
  for (const [text, code] of codes) {
    assert.equal((await verify({ policy: parsePolicy(text) })).code, code, text);
  }
});

test('times in the future', async () => {
  assert.equal((await verify({ nowUs: 1767225000e6 })).code, 'future-time');
});

test('what is no receipt', async () => {
  assert.ok(!isProof(utf8('c2sp.org/tlog-proof@v2\n')));
  assert.ok(isProof(utf8(receipt)));
  for (const bytes of [new Uint8Array(), utf8('hello'), Uint8Array.of(0x30, 0)]) {
    assert.equal((await verify({ receipt: bytes })).code, 'unsupported');
  }
});

test('forms that the specification does not write', () => {
  for (const [from, to] of [
    ['index 6', 'index 06'], ['index 6', 'index -6'], ['index 6', 'index  6'],
    ['extra ', 'extra  '], [/extra .*\n/, 'extra \n'], ['\n11\n', '\n011\n'],
    ['\nextra', '\n\nextra'], [/\n\n/, '\nAAAA\n\n'], [/$/, '\n'],
  ]) {
    const text = receipt.replace(from, to);
    assert.notEqual(text, receipt);
    assert.throws(() => parseProof(utf8(text)), undefined, String(from));
  }
});

test('a raw leaf of our own log', async () => {
  const log = await makeSigner('log.example/raw');
  const leaf = utf8('hello');
  const sibling = leafHash(utf8('other'));
  const root = toBase64(nodeHash(sibling, leafHash(leaf)));
  const text = `c2sp.org/tlog-proof@v1\nextra ${toBase64(leaf)}\nindex 1\n` +
    `${toBase64(sibling)}\n\n` +
    await log.note(`log.example/raw\n2\n${root}\n`);
  const result = await verify({
    receipt: utf8(text), policy: parsePolicy(`log ${log.vkey}\nquorum none\n`),
    digestOf: async () => createHash('sha256').update('hello').digest('hex'),
  });
  assert.ok(result.ok);
  assert.equal(outcome(result, 'time'), 'skipped');
});
