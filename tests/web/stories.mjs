// What readers do on the page. A story gets a fresh page and the world: the
// node, its address, a token.
// SPDX-License-Identifier: EUPL-1.2
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, ftruncateSync, openSync, readFileSync, writeFileSync }
  from 'node:fs';
import { join } from 'node:path';
import { inspect, scan, visit } from './looking.mjs';

const MEBIBYTE = 1024 * 1024;

export function someFile(name, bytes = randomBytes(200)) {
  return { name, mimeType: 'application/octet-stream', buffer: bytes };
}

/** A sparse file on the disk: large, and made at once. */
function largeFile(world, name, bytes) {
  const path = join(world.node.folder, name);
  const fd = openSync(path, 'w');
  ftruncateSync(fd, bytes);
  closeSync(fd);
  return path;
}

/** Give files to a chooser that a click opens. */
async function choose(page, button, files) {
  const [chooser] = await Promise.all([
    page.waitForEvent('filechooser'), page.click(`label[for="${button}"]`)]);
  await chooser.setFiles(files);
}

async function stampCard(page, name) {
  const card = page.locator('#stamp-list > li', { hasText: name });
  await card.locator('.badge.done, .badge.existing, .badge.failed')
    .first().waitFor();
  return card;
}

/** Stamp a file by clicks; its receipt as text. */
async function stamp(page, world, file) {
  await visit(page, 'stamp');
  await page.fill('#token', world.token);
  await choose(page, 'stamp-files', [file]);
  const card = await stampCard(page, file.name);
  const [download] = await Promise.all([
    page.waitForEvent('download'), card.locator('a.button').click()]);
  assert.equal(download.suggestedFilename(), `${file.name}.tlog-proof`);
  return readFileSync(await download.path(), 'utf8');
}

const receiptFile = (text, name = 'r.tlog-proof') =>
  someFile(name, Buffer.from(text));

async function verify(page, file, receipt) {
  await visit(page, 'verify');
  await choose(page, 'verify-file', file);
  await choose(page, 'verify-receipt', receiptFile(receipt));
  return code(page);
}

async function code(page) {
  await page.waitForSelector('#verify-result[data-code]');
  return page.getAttribute('#verify-result', 'data-code');
}

const outcome = (page, step) =>
  page.locator(`#verify-result [data-step="${step}"]`).getAttribute('class');

/** Where the focus is, somebody who looks must see it. */
async function seesFocus(page) {
  const style = await page.evaluate(() => {
    const at = document.activeElement;
    const seen = at.classList.contains('file') ? at.nextElementSibling : at;
    const { outlineStyle, boxShadow } = getComputedStyle(seen);
    return { outlineStyle, boxShadow, what: at.outerHTML.slice(0, 80) };
  });
  assert.ok(style.outlineStyle === 'solid' && style.boxShadow !== 'none',
    `no visible focus on ${style.what}`);
}

async function focused(page) {
  return page.evaluate(() => document.activeElement?.id ||
    document.activeElement?.getAttribute('href') || '');
}

/** Press Tab until the focus is where it should come to. */
async function tabTo(page, wanted) {
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press('Tab');
    if (await page.evaluate(() => document.activeElement !== document.body)) {
      await seesFocus(page); // between the last and the first, nothing has it
    }
    if (await focused(page) === wanted) {
      return;
    }
  }
  throw new Error(`Tab does not reach ${wanted}`);
}

async function otherKey(page) {
  const policy = await page.inputValue('#policy');
  const origin = /^log ([^+\s]+)\+/m.exec(policy)[1];
  const raw = Buffer.concat([Buffer.of(1), randomBytes(32)]);
  const id = createHash('sha256').update(`${origin}\n`).update(raw).digest('hex');
  return `log ${origin}+${id.slice(0, 8)}+${raw.toString('base64')}\nquorum none\n`;
}

export const stories = {
  'a file is stamped and its receipt verifies': async (page, world) => {
    const file = someFile('minutes.pdf');
    const receipt = await stamp(page, world, file);
    assert.match(receipt, /^c2sp\.org\/tlog-proof@v1\n/);
    assert.equal(await verify(page, file, receipt), 'ok');
    assert.match(await outcome(page, 'digest'), /\bok\b/);
    assert.match(await page.textContent('#verify-result'), /What this does not|does not prove/);
  },

  'many files at once, a large one with progress': async (page, world) => {
    await page.fill('#token', world.token);
    const large = someFile('large.bin', Buffer.alloc(40 * MEBIBYTE, 7));
    const small = [1, 2, 3].map((n) => someFile(`small-${n}.txt`));
    await choose(page, 'stamp-files', [large, ...small]);
    for (const file of [large, ...small]) {
      const card = await stampCard(page, file.name);
      const want = createHash('sha256').update(file.buffer).digest('hex');
      assert.equal(await card.locator('code').textContent(), want);
    }
    await page.locator('#stamp-status', { hasText: '4 of 4' }).waitFor();
    await page.click('#stamp-clear');
    await page.waitForSelector('#stamp-results', { state: 'hidden' });
    assert.equal(await focused(page), 'stamp-files');
  },

  'all receipts in one archive, that others can open': async (page, world) => {
    await page.fill('#token', world.token);
    const files = [someFile('delibera n° 1.pdf'), someFile('same.txt'),
      someFile('same.txt')];
    await choose(page, 'stamp-files', files);
    await page.locator('#stamp-status', { hasText: '3 of 3' }).waitFor();
    const [download] = await Promise.all([
      page.waitForEvent('download'), page.click('#stamp-all')]);
    assert.equal(download.suggestedFilename(), 'receipts.zip');
    const path = await download.path();
    const r = spawnSync('python3', ['-c', 'import sys, zipfile\n' +
      'z = zipfile.ZipFile(sys.argv[1])\nassert z.testzip() is None\n' +
      'for n in sorted(z.namelist()): print(n, z.read(n).split()[0].decode())',
      path], { encoding: 'utf8', env: { ...process.env, PYTHONUTF8: '1' } });
    assert.equal(r.stdout, [
      'delibera n° 1.pdf.tlog-proof c2sp.org/tlog-proof@v1',
      'same.txt (2).tlog-proof c2sp.org/tlog-proof@v1',
      'same.txt.tlog-proof c2sp.org/tlog-proof@v1', ''].join('\n'), r.stderr);
  },

  'a large file that was a mistake is taken away, and the next one goes on':
    async (page, world) => {
      await page.fill('#token', world.token);
      const large = largeFile(world, 'mistake.bin', 8192 * MEBIBYTE);
      await choose(page, 'stamp-files', large);
      const card = page.locator('#stamp-list > li', { hasText: 'mistake.bin' });
      await card.locator('.size', { hasText: / of 8\.6 GB/ }).waitFor();
      await choose(page, 'stamp-files', [someFile('right.txt')]);
      await card.locator('button', { hasText: 'Remove' }).click();
      await stampCard(page, 'right.txt');
      assert.equal(await card.count(), 0);
      await page.locator('#stamp-status', { hasText: '1 of 1' }).waitFor();
    },

  'the wrong file, while it is read, gives way to the right one':
    async (page, world) => {
      const file = someFile('right.pdf');
      const receipt = await stamp(page, world, file);
      await visit(page, 'verify');
      await choose(page, 'verify-receipt', receiptFile(receipt));
      await choose(page, 'verify-file',
        largeFile(world, 'wrong.bin', 8192 * MEBIBYTE));
      await page.waitForSelector('#verify-progress:not([hidden])');
      await choose(page, 'verify-file', file);
      assert.equal(await code(page), 'ok');
      await page.waitForSelector('#verify-progress', { state: 'hidden' });
      assert.match(await page.textContent('.verdict'), /no later than \d/);
      await page.click('#verify-clear');
      assert.equal(await page.textContent('#verify-result'), '');
      assert.equal(await page.textContent('#verify-receipt-name'),
        'Not chosen yet');
      assert.equal(await focused(page), 'verify-file');
      await choose(page, 'verify-file', file);
      await page.locator('#verify-result', { hasText: 'Now choose' }).waitFor();
    },

  'an empty file can be stamped and verified': async (page, world) => {
    const file = someFile('empty', Buffer.alloc(0));
    assert.equal(await verify(page, file, await stamp(page, world, file)), 'ok');
  },

  'a file stamped twice says so and keeps its entry': async (page, world) => {
    const file = someFile('twice.txt');
    const first = await stamp(page, world, file);
    await page.reload();
    await page.waitForSelector('body[data-ready]');
    assert.equal(await page.inputValue('#token'), '');
    const second = await stamp(page, world, file);
    await page.locator('.badge.existing').waitFor();
    const index = /^index (\d+)$/m;
    assert.equal(index.exec(first)[1], index.exec(second)[1]);
  },

  'the token is kept only when asked': async (page, world) => {
    await page.fill('#token', world.token);
    await page.check('#token-keep');
    await page.reload();
    await page.waitForSelector('body[data-ready]');
    assert.equal(await page.inputValue('#token'), world.token);
    await page.uncheck('#token-keep');
    await page.reload();
    await page.waitForSelector('body[data-ready]');
    assert.equal(await page.inputValue('#token'), '');
  },

  'without a token, with a wrong one, then with the right one':
    async (page, world) => {
      await choose(page, 'stamp-files', [someFile('a.txt')]);
      let card = await stampCard(page, 'a.txt');
      assert.match(await card.textContent(), /No access token/);
      await page.fill('#token', 'nonsense');
      await card.locator('button.outline').click();
      await card.locator('p', { hasText: 'is not valid' }).waitFor();
      assert.match(await card.textContent(), /all of it was copied/);
      assert.equal(await page.getAttribute('#token', 'aria-invalid'), 'true');
      await choose(page, 'stamp-files', [someFile('b.txt')]);
      await page.locator('#stamp-status', { hasText: '2 not stamped' })
        .waitFor();
      await page.fill('#token', world.token);
      assert.equal(await page.getAttribute('#token', 'aria-invalid'), null);
      await page.click('#stamp-retry');
      await page.locator('#stamp-status', { hasText: '2 of 2' }).waitFor();
      await card.locator('.badge.done').waitFor();
    },

  'a token that may not stamp': async (page, world) => {
    await page.fill('#token', world.node.token('log:read'));
    await choose(page, 'stamp-files', [someFile('no.txt')]);
    const card = await stampCard(page, 'no.txt');
    assert.match(await card.textContent(), /may not do this.*one that may stamp/);
  },

  'the page and the report may run and load nothing but their own':
    async (page, world) => {
      const file = someFile('csp.txt');
      const receipt = await stamp(page, world, file);
      const index = /^index (\d+)$/m.exec(receipt)[1];
      for (const path of ['/', '/web/app.js',
        `/v1/log/entries/${index}/report?lang=en`]) {
        const { headers } = await page.request.get(world.url + path)
          .then((r) => ({ headers: r.headers() }));
        const policy = headers['content-security-policy'] ?? '';
        assert.match(policy, /^default-src 'none'; /, path);
        assert.match(policy, /frame-ancestors 'none'/, path);
        assert.doesNotMatch(policy, /unsafe|https?:|data:|\*/, path);
        assert.equal(headers['x-content-type-options'], 'nosniff');
        assert.equal(headers['referrer-policy'], 'no-referrer');
      }
    },

  'the report\'s QR code and its link carry the proof': async (page, world) => {
    const file = someFile('qr.txt');
    const receipt = await stamp(page, world, file);
    const index = /^index (\d+)$/m.exec(receipt)[1];
    await page.goto(`${world.url}/v1/log/entries/${index}/report?lang=en`);
    await page.locator('svg.qr').evaluate((svg) => {
      svg.style.width = '60rem'; // as who comes near with a phone sees it
    });
    const picture = await page.locator('svg.qr').screenshot();
    const proof = await scan(page, world, picture);
    assert.match(proof, /^c2sp\.org\/tlog-proof@v1\n/);
    assert.equal(proof, await page.textContent('pre'));
    const [download] = await Promise.all([
      page.waitForEvent('download'), page.click('a[download]')]);
    assert.equal(download.suggestedFilename(), `entry-${index}.tlog-proof`);
    assert.equal(readFileSync(await download.path(), 'utf8'), proof);
    await page.goto(world.url);
    await page.waitForSelector('body[data-ready]');
    assert.equal(await verify(page, file, proof), 'ok');
  },

  'text of twice the size stays on the screen': async (page, world) => {
    await stamp(page, world, someFile('zoom.txt'));
    for (const view of ['stamp', 'verify', 'explore']) {
      await visit(page, view);
      await page.evaluate(() => {
        document.documentElement.style.fontSize = '200%';
      });
      const wide = await page.evaluate(() =>
        document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(wide <= 0, `${view}: ${wide} pixels too wide`);
    }
  },

  'nothing moves for those who asked for that': async (page) => {
    const behaviour = () => page.evaluate(() =>
      getComputedStyle(document.documentElement).scrollBehavior);
    assert.equal(await behaviour(), 'smooth');
    await page.emulateMedia({ reducedMotion: 'reduce' });
    assert.equal(await behaviour(), 'auto');
  },

  'a changed file is refused': async (page, world) => {
    const file = someFile('contract.pdf');
    const receipt = await stamp(page, world, file);
    const changed = Buffer.from(file.buffer);
    changed[10] ^= 1;
    assert.equal(await verify(page, someFile('contract.pdf', changed), receipt),
      'digest-mismatch');
    assert.match(await outcome(page, 'signature'), /\bok\b/);
  },

  'a changed receipt is refused': async (page, world) => {
    const file = someFile('receipt.txt');
    const receipt = await stamp(page, world, file);
    const lines = receipt.split('\n');
    const at = lines.indexOf('') + 3;
    const root = Buffer.from(lines[at], 'base64');
    root[0] ^= 1;
    lines[at] = root.toString('base64');
    assert.equal(await verify(page, file, lines.join('\n')), 'proof-invalid');
    assert.match(await outcome(page, 'inclusion'), /failed/);
    assert.match(await outcome(page, 'signature'), /failed/);
    assert.equal(await verify(page, file, 'hello\n'), 'unsupported');
    assert.equal(await verify(page, file, receipt.slice(0, -4)), 'proof-invalid');
  },

  'a wrong key is refused, and the right one restored': async (page, world) => {
    const file = someFile('key.txt');
    const receipt = await stamp(page, world, file);
    assert.equal(await verify(page, file, receipt), 'ok');
    await page.click('#trust summary');
    await page.fill('#policy', await otherKey(page));
    await page.waitForSelector('[data-code="no-trusted-signature"]');
    await page.fill('#policy', 'quorum none\n');
    await page.waitForSelector('[data-code="unknown-log"]');
    await page.fill('#policy', 'nonsense');
    await page.locator('#policy-status', { hasText: 'line 1' }).waitFor();
    await page.click('#policy-reset');
    await page.waitForSelector('[data-code="ok"]');
  },

  'verifying works without a network': async (page, world) => {
    const file = someFile('offline.bin', randomBytes(3 * MEBIBYTE));
    const receipt = await stamp(page, world, file);
    await page.context().setOffline(true);
    const asked = [];
    page.on('request', (r) => asked.push(r.url()));
    const icon = `${world.url}/web/icon.svg`; // the browser's own wish
    assert.equal(await verify(page, file, receipt), 'ok');
    await page.click('[data-language="it"]');
    assert.match(await page.textContent('#verify-result h2'), /prova questo file/);
    assert.deepEqual(asked.filter((url) => url !== icon), []);
  },

  'a node that is away: verifying with a policy of one\'s own':
    async (page, world) => {
      const file = someFile('away.txt');
      const receipt = await stamp(page, world, file);
      const policy = await page.inputValue('#policy');
      await page.route('**/v1/**', (route) => route.abort());
      await page.reload();
      await page.waitForSelector('#outage:not([hidden])');
      assert.equal(await verify(page, file, receipt), 'unknown-log');
      await page.click('#trust summary');
      await page.fill('#policy', policy);
      await page.waitForSelector('[data-code="ok"]');
      await visit(page, 'stamp');
      await page.fill('#token', world.token);
      await choose(page, 'stamp-files', [file]);
      const card = await stampCard(page, file.name);
      assert.match(await card.textContent(), /cannot be reached/);
    },

  'a browser without WebCrypto stamps, and says why it does not verify':
    async (page, world) => {
      await page.addInitScript(() => Object.defineProperty(
        window.crypto, 'subtle', { value: undefined }));
      await page.reload();
      await page.waitForSelector('body[data-ready]');
      const file = someFile('plain-http.txt');
      const receipt = await stamp(page, world, file);
      assert.equal(await verify(page, file, receipt), 'unsupported');
      assert.match(await page.textContent('#verify-result'), /HTTPS/);
      await visit(page, 'explore');
      await page.locator('#checkpoint', { hasText: 'cannot check' }).waitFor();
    },

  'a receipt without a file, and in any order': async (page, world) => {
    const file = someFile('order.txt');
    const receipt = await stamp(page, world, file);
    await visit(page, 'verify');
    await choose(page, 'verify-receipt', receiptFile(receipt));
    assert.equal(await code(page), 'ok');
    assert.match(await outcome(page, 'digest'), /skipped/);
    await choose(page, 'verify-file', file);
    await page.waitForSelector('[data-step="digest"].ok', { state: 'attached' });
  },

  'file and receipt dropped together': async (page, world) => {
    const file = someFile('dropped.txt', Buffer.from('dropped'));
    const receipt = await stamp(page, world, file);
    await visit(page, 'verify');
    const data = await page.evaluateHandle((text) => {
      const d = new DataTransfer();
      d.items.add(new File([text], 'no-name'));
      d.items.add(new File(['dropped'], 'dropped.txt'));
      return d;
    }, receipt);
    await page.dispatchEvent('#verify-drop', 'drop', { dataTransfer: data });
    assert.equal(await code(page), 'ok');
  },

  'an entry of the registry says what changed, and is verified': async (page,
    world) => {
    const type = JSON.stringify({ vct: `urn:test:${randomBytes(8).toString('hex')}` });
    const path = join(world.node.folder, 'type.json');
    writeFileSync(path, type);
    world.node.cli('registry', 'type', 'put', path, '--data',
      world.node.data, '--node', world.url);
    const shown = JSON.parse(world.node.cli('registry', 'type', 'show',
      JSON.parse(type).vct, '--json', '--node', world.url));
    await visit(page, 'explore');
    await page.fill('#lookup-text', String(shown.leaf));
    await page.click('#lookup button');
    const entry = page.locator('#entry');
    await entry.locator('dd', { hasText: 'a credential type was registered' })
      .waitFor();
    await entry.locator('button').click();
    await page.waitForSelector('#entry [data-code="ok"]');
    if (world.screenshots) {
      await page.screenshot({ path: join(world.screenshots, 'registry.png'),
        fullPage: true });
    }
  },

  'the explorer: entries, look-up, a proof verified': async (page, world) => {
    const file = someFile('explored.txt');
    await stamp(page, world, someFile('before.txt')); // growth is from to
    const receipt = await stamp(page, world, file);
    const index = /^index (\d+)$/m.exec(receipt)[1];
    await visit(page, 'explore');
    await page.locator('#checkpoint .mark.ok').waitFor();
    await page.locator('#growth svg').waitFor();
    await page.locator('#members li').first().waitFor();
    await page.locator(`#latest a[href="#explore/${index}"]`).waitFor();
    await choose(page, 'lookup-file', file);
    await page.click(`#lookup-found a[href="#explore/${index}"]`);
    await page.locator('#entry button').click();
    await page.waitForSelector('#entry [data-code="ok"]');
    await page.fill('#lookup-text', '0');
    await page.click('#lookup button');
    await page.locator('#entry-title', { hasText: 'Entry 0' }).waitFor();
    await page.fill('#lookup-text', 'f'.repeat(64));
    await page.click('#lookup button');
    await page.locator('#lookup-status', { hasText: 'Nothing' }).waitFor();
    await page.fill('#lookup-text', 'what');
    await page.click('#lookup button');
    await page.locator('#lookup-status', { hasText: 'hexadecimal' }).waitFor();
    await page.fill('#lookup-text', '999999');
    await page.click('#lookup button');
    await page.locator('#entry p').first().waitFor();
  },

  'older and newest entries': async (page, world) => {
    await page.fill('#token', world.token);
    await choose(page, 'stamp-files',
      Array.from({ length: 12 }, (_, i) => someFile(`page-${i}`)));
    await page.locator('#stamp-status', { hasText: '12 of 12' }).waitFor();
    await visit(page, 'explore');
    const first = page.locator('#latest tbody a').first();
    await first.waitFor();
    const newest = Number(await first.textContent());
    await page.click('#older');
    await page.locator('#latest tbody a', { hasText: `${newest - 10}` })
      .first().waitFor();
    await page.click('#newest');
    await page.locator(`#latest a[href="#explore/${newest}"]`).waitFor();
  },

  'the language changes everything, and is remembered': async (page, world) => {
    const file = someFile('lingua.txt');
    const receipt = await stamp(page, world, file);
    await verify(page, file, receipt);
    await page.click('[data-language="it"]');
    assert.equal(await page.getAttribute('html', 'lang'), 'it');
    assert.match(await page.title(), /^Verifica una ricevuta/);
    assert.match(await page.textContent('#verify-result'), /Che cosa prova/);
    assert.doesNotMatch(await page.innerText('body'),
      /Choose|receipt|Passed|Stamp|What this/);
    await page.reload();
    await page.waitForSelector('body[data-ready]');
    assert.equal(await page.getAttribute('html', 'lang'), 'it');
    await page.click('[data-language="en"]');
    assert.match(await page.textContent('h1:visible'), /Verify a receipt/);
  },

  'all by keyboard': async (page, world) => {
    const file = someFile('keys.txt');
    const receipt = await stamp(page, world, file);
    await page.reload();
    await page.waitForSelector('body[data-ready]');
    await tabTo(page, 'skip');
    await page.keyboard.press('Enter');
    assert.equal(await focused(page), 'main');
    await tabTo(page, 'token');
    await page.keyboard.type(world.token);
    await tabTo(page, 'stamp-files');
    await keyChoose(page, file);
    await stampCard(page, file.name);
    await tabTo(page, 'skip');
    await tabTo(page, '#verify');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#view-verify:not([hidden])');
    assert.equal(await page.evaluate(() => document.activeElement.tagName), 'H1');
    await tabTo(page, 'verify-file');
    await keyChoose(page, file);
    await tabTo(page, 'verify-receipt');
    await keyChoose(page, receiptFile(receipt));
    assert.equal(await code(page), 'ok');
    await tabTo(page, 'skip');
    await tabTo(page, '#explore');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#view-explore:not([hidden])');
    await tabTo(page, 'lookup-text');
    await page.keyboard.type('0');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#entry-title');
    await page.waitForFunction(() => document.activeElement.id === 'entry-title');
  },
};

async function keyChoose(page, file) {
  const [chooser] = await Promise.all([
    page.waitForEvent('filechooser'), page.keyboard.press('Enter')]);
  await chooser.setFiles([file]);
}

export const looks = {
  'stamp': async (page, world) => {
    await inspect(page, world, 'stamp-empty');
    const file = someFile('verbale-della-seduta.pdf');
    await stamp(page, world, file);
    await page.fill('#token', 'nonsense');
    await choose(page, 'stamp-files', [someFile('bilancio.ods')]);
    await stampCard(page, 'bilancio.ods');
    await inspect(page, world, 'stamp');
    await page.click('#stamp-clear');
    await choose(page, 'stamp-files',
      largeFile(world, 'registrazione-della-seduta.mp4', 300 * MEBIBYTE));
    await page.waitForFunction(() =>
      document.querySelector('#stamp-list progress')?.value > 50e6);
    await inspect(page, world, 'stamp-progress');
  },

  'verify': async (page, world) => {
    const file = someFile('verbale-della-seduta.pdf');
    const receipt = await stamp(page, world, file);
    await visit(page, 'verify');
    await inspect(page, world, 'verify-empty');
    await page.click('#trust summary');
    assert.equal(await verify(page, file, receipt), 'ok');
    await inspect(page, world, 'verify-ok');
    assert.equal(await verify(page, someFile('altro.pdf'), receipt),
      'digest-mismatch');
    await inspect(page, world, 'verify-refused');
    await page.fill('#policy', await otherKey(page));
    assert.equal(await verify(page, file, receipt), 'no-trusted-signature');
    await inspect(page, world, 'verify-wrong-key');
  },

  'explore': async (page, world) => {
    await stamp(page, world, someFile('verbale.pdf'));
    await visit(page, 'explore');
    await page.locator('#latest tbody a').first().waitFor();
    await page.locator('#growth summary').click();
    await page.locator('#members li').first().waitFor();
    await inspect(page, world, 'explore');
    await page.locator('#latest tbody a').first().click();
    await page.locator('#entry button').click();
    await page.waitForSelector('#entry [data-code="ok"]');
    await inspect(page, world, 'explore-entry');
    await page.goto(`${world.url}/#explore/999999999`);
    await page.locator('#entry .reason').waitFor();
    await inspect(page, world, 'explore-no-entry');
  },

  'report': async (page, world) => {
    const receipt = await stamp(page, world, someFile('verbale.pdf'));
    const index = /^index (\d+)$/m.exec(receipt)[1];
    await page.goto(
      `${world.url}/v1/log/entries/${index}/report?lang=${world.language}`);
    assert.equal(await page.locator('h1').evaluate((h) =>
      getComputedStyle(h).color), 'rgb(23, 50, 77)');
    await inspect(page, world, 'report');
    await page.emulateMedia({ media: 'print' });
    await inspect(page, world, 'report-print');
  },

  'outage': async (page, world) => {
    await page.route('**/v1/**', (route) => route.abort());
    await page.route('**/checkpoint', (route) => route.abort());
    await page.reload();
    await page.waitForSelector('#outage:not([hidden])');
    await visit(page, 'explore');
    await page.locator('#members .reason').waitFor();
    await inspect(page, world, 'outage');
  },
};
