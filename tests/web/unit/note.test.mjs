// Signed notes and policies: signatures, quorums, refusals.
// SPDX-License-Identifier: EUPL-1.2
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex, utf8 } from '../../../node/web/bytes.js';
import { parseKey, parseNote, verifyNote } from '../../../node/web/note.js';
import { checkLog, countVotes, parsePolicy } from '../../../node/web/policy.js';
import { makeSigner } from './signer.mjs';

test('the verifier key of the specification', () => {
  const key = parseKey(
    'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k');
  assert.equal(key.name, 'example.com/foo');
  assert.equal(key.type, 1);
  assert.equal(toHex(key.key),
    'e932791ae6e7a840a46164c904786426d5e7821dd8b29a00d61cae72afdd4da4');
});

test('keys that do not hold together are refused', () => {
  for (const text of [
    'example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k',
    'example.com/bar+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k',
    'example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k',
    'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2',
    'example.com foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k',
    '+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k', 'nothing', '',
  ]) {
    assert.throws(() => parseKey(text), { code: 'malformed' }, text);
  }
});

test('a signed note, and what was changed in it', async () => {
  const log = await makeSigner('log.example/a');
  const other = await makeSigner('log.example/a');
  const text = await log.note('one\ntwo\n');
  const key = parseKey(log.vkey);
  assert.deepEqual(await verifyNote(parseNote(utf8(text)), key), { timeS: 0 });
  assert.equal(
    await verifyNote(parseNote(utf8(text)), parseKey(other.vkey)), null);
  const changed = parseNote(utf8(text.replace('two', 'too')));
  await assert.rejects(verifyNote(changed, key),
    { code: 'no-trusted-signature' });
});

test('notes that nobody writes are refused', async () => {
  const log = await makeSigner('log.example/a');
  const text = await log.note('one\n');
  for (const bad of [
    '', 'one\n', text.slice(0, -1), text + '\n', text.replace('—', '-'),
    text.replace('one', 'o\tne'), text.replace('— ', '—  '),
    text.replace('\n\n', '\n'), 'one\n\n',
  ]) {
    assert.throws(() => parseNote(utf8(bad)), { code: 'malformed' },
      JSON.stringify(bad));
  }
  assert.throws(() => parseNote(Uint8Array.of(0xff)), { code: 'bad-utf8' });
});

test('a policy: unknown logs, other keys, quorums in groups', async () => {
  const log = await makeSigner('log.example/a');
  const stranger = await makeSigner('log.example/a');
  const w = await Promise.all(
    ['w1', 'w2', 'w3'].map((name) => makeSigner(name, 4)));
  const names = w.map((x, i) => `witness w${i} ${x.vkey}`).join('\n');
  const text = 'a\n1\n';
  const note = parseNote(utf8(await log.note(text) +
    await w[0].line(text, 1700000000) + await w[2].line(text, 1700000100)));
  const policy = (rest) => parsePolicy(`log ${log.vkey}\n${names}\n${rest}\n`);
  await checkLog(policy('quorum none'), 'log.example/a', note);
  await assert.rejects(checkLog(policy('quorum none'), 'log.example/b', note),
    { code: 'unknown-log' });
  await assert.rejects(
    checkLog(parsePolicy(`log ${stranger.vkey}\nquorum none\n`),
      'log.example/a', note), { code: 'no-trusted-signature' });
  const verdicts = [
    ['quorum w0', true], ['quorum w1', false],
    ['group g 2 w0 w1 w2\nquorum g', true],
    ['group g all w0 w1 w2\nquorum g', false],
    ['group g any w1\nquorum g', false],
    ['group a all w0 w2\ngroup b any a w1\nquorum b', true],
    ['group a all w0 w1\ngroup b all a w2\nquorum b', false],
  ];
  for (const [rest, ok] of verdicts) {
    const got = await countVotes(policy(rest), note);
    assert.equal(got.ok, ok, rest);
    assert.deepEqual([...got.votes.values()], [1700000000, 1700000100]);
  }
});

test('policies that cannot be meant are refused, with their line', async () => {
  const { vkey } = await makeSigner('log.example/a');
  const { vkey: w } = await makeSigner('w', 4);
  for (const text of [
    '', `log ${vkey}\n`, `log ${vkey}\nquorum none\nquorum none`,
    `log ${vkey}\nlog ${vkey}\nquorum none`, 'quorum x', 'nonsense',
    `witness none ${w}\nquorum none`, `witness a ${vkey}\nquorum none`,
    `witness a ${w}\ngroup g 2 a\nquorum g`,
    `witness a ${w}\ngroup g any a\ngroup h any a\nquorum g`,
  ]) {
    assert.throws(() => parsePolicy(text), { code: 'malformed' }, text);
  }
  assert.throws(() => parsePolicy('\n\nnonsense'), /line 3/);
});
