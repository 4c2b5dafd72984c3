// The texts: the same keys in both languages, and none missing, on each page.
// SPDX-License-Identifier: EUPL-1.2
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import sharedEn from '../../../common/web/words/en.js';
import sharedIt from '../../../common/web/words/it.js';
import { STEPS } from '../../../node/web/verify.js';

const root = new URL('../../../', import.meta.url);
const common = new URL('common/web/', root);
const pages = ['node/web/', 'orchestrator/web/', 'wallet/web/']
  .map((folder) => new URL(folder, root))
  .filter((folder) => existsSync(new URL('index.html', folder)));
const placeholders = (text) => (text.match(/\{\w+\}/g) ?? []).sort();
const modules = (folder) => readdirSync(folder).filter((n) => n.endsWith('.js'));

async function words(page) {
  const of = async (name) =>
    (await import(new URL(`i18n/${name}.js`, page))).default;
  return { en: await of('en'), it: await of('it') };
}

function same(en, it) {
  assert.deepEqual(Object.keys(it).sort(), Object.keys(en).sort());
  for (const key of Object.keys(en)) {
    assert.deepEqual(placeholders(it[key]), placeholders(en[key]), key);
    assert.notEqual(it[key].trim(), '', key);
  }
}

test('shared texts have the same keys and the same placeholders', () => {
  same(sharedEn, sharedIt);
});

for (const page of pages) {
  const name = page.pathname.split('/').at(-3);

  test(`${name}: both languages have the same keys and placeholders`,
    async () => {
      const { en, it } = await words(page);
      same(en, it);
    });

  test(`${name}: every key that the page names has a text`, async () => {
    const en = { ...sharedEn, ...(await words(page)).en };
    const html = readFileSync(new URL('frame.html', common), 'utf8') +
      readFileSync(new URL('index.html', page), 'utf8');
    for (const [, key] of html.matchAll(/data-i18n(?:-label)?="([^"]+)"/g)) {
      assert.ok(key in en, key);
    }
  });

  test(`${name}: every key that a module writes out has a text`, async () => {
    const en = { ...sharedEn, ...(await words(page)).en };
    const files = [...modules(page).map((n) => new URL(n, page)),
      ...modules(common).map((n) => new URL(n, common))];
    for (const file of files) {
      const text = readFileSync(file, 'utf8');
      for (const [, key] of text.matchAll(
        /(?:said\('[^']*', |say\([^,]+, |fact\(|link\(|anchor\(|own\()'([a-z0-9.-]+)'/g)) {
        assert.ok(key in en, `${file}: ${key}`);
      }
    }
  });
}

test('every step and every reason of the verifier has a text', async () => {
  const { en } = await words(pages[0]);
  const text = readFileSync(new URL('verify.js', pages[0]), 'utf8');
  for (const id of STEPS) {
    assert.ok(`step.${id}` in en, id);
  }
  for (const [, reason] of text.matchAll(/(?:ok|skipped|failed)\('([^']+)'/g)) {
    assert.ok(`reason.${reason}` in en, reason);
  }
});

test('every module is embedded', () => {
  for (const web of [common, ...pages]) {
    const build = readFileSync(new URL('meson.build', web), 'utf8');
    const texts = web === common ? 'words/' : 'i18n/';
    const names = [...readdirSync(web), ...readdirSync(new URL(texts, web))];
    for (const name of names.filter((n) => /\.(js|css|html|svg)$/.test(n))) {
      assert.ok(build.includes(`${name}'`), `${web}: ${name}`);
    }
  }
});
