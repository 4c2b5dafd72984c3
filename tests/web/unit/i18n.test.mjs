// The texts: the same keys in both languages, and none missing.
// SPDX-License-Identifier: EUPL-1.2
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import en from '../../../node/web/i18n/en.js';
import it from '../../../node/web/i18n/it.js';
import { STEPS } from '../../../node/web/verify.js';

const web = new URL('../../../node/web/', import.meta.url);
const placeholders = (text) => (text.match(/\{\w+\}/g) ?? []).sort();

test('both languages have the same keys and the same placeholders', () => {
  assert.deepEqual(Object.keys(it).sort(), Object.keys(en).sort());
  for (const key of Object.keys(en)) {
    assert.deepEqual(placeholders(it[key]), placeholders(en[key]), key);
    assert.notEqual(it[key].trim(), '', key);
  }
});

test('every key that the page names has a text', () => {
  const html = readFileSync(new URL('index.html', web), 'utf8');
  for (const [, key] of html.matchAll(/data-i18n(?:-label)?="([^"]+)"/g)) {
    assert.ok(key in en, key);
  }
});

test('every key that a module writes out has a text', () => {
  for (const name of readdirSync(web).filter((n) => n.endsWith('.js'))) {
    const text = readFileSync(new URL(name, web), 'utf8');
    for (const [, key] of text.matchAll(
      /(?:said\('[^']*', |say\([^,]+, |fact\(|link\(|anchor\(|own\()'([a-z0-9.-]+)'/g)) {
      assert.ok(key in en, `${name}: ${key}`);
    }
  }
});

test('every step and every reason of the verifier has a text', () => {
  const text = readFileSync(new URL('verify.js', web), 'utf8');
  for (const id of STEPS) {
    assert.ok(`step.${id}` in en, id);
  }
  for (const [, reason] of text.matchAll(/(?:ok|skipped|failed)\('([^']+)'/g)) {
    assert.ok(`reason.${reason}` in en, reason);
  }
});

test('every module is embedded', () => {
  const build = readFileSync(new URL('meson.build', web), 'utf8');
  const names = [...readdirSync(web), ...readdirSync(new URL('i18n/', web))];
  for (const name of names.filter((n) => /\.(js|css|html|svg)$/.test(n))) {
    assert.ok(build.includes(`${name}'`), name);
  }
});
