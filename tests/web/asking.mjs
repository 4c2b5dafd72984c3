// What a person is told about who asks, what they approve, how they ask for
// deletion; the camera; the page without a network.
// SPDX-License-Identifier: EUPL-1.2
import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accept, atDesk, done, make, paste } from './citizen.mjs';
import * as desk from './desk.mjs';
import { inspect, visit } from './looking.mjs';

const BIT = ['isee_not_over', '20000'];
const PAYMENT = { type: 'urn:broletto:transaction:payment:1',
  credential_ids: ['isee'], payee: 'Comune di Prova', amount: '1250.50',
  currency: 'EUR', reference: 'Retta 3/2026' };
const APPROVAL = { type: 'urn:broletto:transaction:approval:1',
  credential_ids: ['isee'], text: 'Iscrivo mia figlia al nido' };

/** Somebody with a credential. */
async function hold(page, world) {
  await make(page);
  const officer = await atDesk(page, world);
  await accept(page, await desk.offer(officer, world, desk.freshReference()));
  return officer;
}

const remarks = (page) => page.locator('#request [data-remark]').evaluateAll(
  (all) => all.map((e) => e.dataset.remark));

async function ask(page, link) {
  await paste(page, link);
  await page.waitForSelector('#request-refuse');
}

async function refuse(page) {
  await page.click('#request-refuse');
  await done(page, 'refused');
}

async function show(page, world, claims = [BIT]) {
  await ask(page, world.body.ask(claims));
  await page.click('#request-answer');
  await done(page, 'shown');
}

const events = (page) => page.locator('.event').evaluateAll(
  (all) => all.map((e) => e.dataset.event));

async function saved(page, button) {
  const [download] = await Promise.all([page.waitForEvent('download'),
    page.click(button)]);
  return readFileSync(await download.path(), 'utf8');
}

/* ---- the camera ---------------------------------------------------------- */

/** A film of one picture that does not move: YUV4MPEG2. */
async function film(page, picture) {
  const [width, height] = [640, 480];
  const grey = Buffer.from(await page.evaluate(async ({ base64, w, h }) => {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
    const canvas = new OffscreenCanvas(w, h).getContext('2d');
    canvas.fillStyle = '#b0a89c'; // a table, and the code a little turned on it
    canvas.fillRect(0, 0, w, h);
    canvas.translate(w / 2, h / 2);
    canvas.rotate(0.12);
    canvas.drawImage(bitmap, -210, -210, 420, 420);
    const { data } = canvas.getImageData(0, 0, w, h);
    const out = [];
    for (let i = 0; i < data.length; i += 4) {
      out.push((data[i] * 77 + data[i + 1] * 151 + data[i + 2] * 28) >> 8);
    }
    return out;
  }, { base64: picture.toString('base64'), w: width, h: height }));
  const frame = Buffer.concat([Buffer.from('FRAME\n'), grey,
    Buffer.alloc(width * height / 2, 128)]);
  return Buffer.concat([Buffer.from(
    `YUV4MPEG2 W${width} H${height} F10:1 Ip A1:1 C420jpeg\n`),
  ...Array.from({ length: 10 }, () => frame)]);
}

/** A page whose camera shows this film, in a browser of its own. */
async function withCamera(world, video, story) {
  const path = join(tmpdir(), `broletto-film-${process.pid}.y4m`);
  writeFileSync(path, video);
  const browser = await world.launch('--use-fake-device-for-media-stream',
    '--use-fake-ui-for-media-stream', `--use-file-for-fake-video-capture=${path}`);
  try {
    const context = await browser.newContext({ locale: 'en-GB',
      permissions: ['camera'], viewport: { width: 360, height: 740 } });
    context.setDefaultTimeout(30000);
    const page = await context.newPage();
    const troubles = [];
    page.on('pageerror', (e) => troubles.push(String(e)));
    await page.goto(world.url);
    await page.waitForSelector('body[data-ready]');
    await story(page);
    assert.deepEqual(troubles, []);
  } finally {
    await browser.close();
    rmSync(path);
  }
}

export const stories = {
  'the wallet: over-asking is pointed out, with what to do': async (page, world) => {
    await hold(page, world);
    await ask(page, world.body.ask([BIT]));
    assert.deepEqual(await remarks(page), ['other-host', 'new-party']);
    await refuse(page);
    await ask(page, world.body.ask([['isee_amount'], ['birthdate'],
      ['tax_id_code'], BIT, ['isee_not_over', '15000']]));
    assert.deepEqual(await remarks(page),
      ['threshold', 'steps', 'other-host', 'identifier', 'new-party']);
    const told = await page.textContent('.remarks.warn');
    assert.match(told, /ISEE.*: the exact value is asked for.*Ask them whether/);
    assert.match(told, /2 thresholds are asked for/);
    await refuse(page);
  },

  'the wallet: what is approved stands there before it is signed':
    async (page, world) => {
      await hold(page, world);
      await ask(page, world.body.ask([BIT], [PAYMENT, APPROVAL]));
      const text = await page.textContent('#request');
      for (const part of ['A payment', 'Comune di Prova', '1,250.50 EUR',
        'Retta 3/2026', 'An approval', 'Iscrivo mia figlia al nido']) {
        assert.ok(text.includes(part), part);
      }
      assert.equal(await page.textContent('#request-answer'), 'Approve and show');
      await page.click('#request-answer');
      await done(page, 'shown');
      await visit(page, 'history');
      await page.waitForSelector('.event');
      const told = await page.textContent('#history');
      assert.match(told, /Approved with it: 2/);
      assert.doesNotMatch(told, /1,250|Iscrivo|Retta/);
    },

  'the wallet: deletion is asked for, noted, taken back, asked again':
    async (page, world) => {
      await hold(page, world);
      await show(page, world);
      await visit(page, 'history');
      await page.click('[data-ask]');
      await page.waitForSelector('#letter-title');
      const letter = await page.textContent('#letter');
      assert.match(letter, /Article 17 of Regulation \(EU\) 2016\/679/);
      assert.match(letter, /- isee_not_over\.20000/);
      assert.match(letter, /\/vp\/requests\/[0-9a-f]{32}/);
      assert.doesNotMatch(letter, /Bianchi|18.?250/);
      await page.locator('#letter-body').press('Control+End');
      await page.keyboard.type('Anna & co.');
      const mail = page.locator('a[data-kind="email"]');
      await mail.evaluate((a) => {
        a.addEventListener('click', (e) => e.preventDefault()); // no mail program
      });
      await mail.click();
      const link = new URL(await mail.getAttribute('href'));
      assert.equal(link.pathname, 'privacy@comune.example');
      assert.match(link.searchParams.get('subject'), /Article 17/);
      assert.match(link.searchParams.get('body'),
        /isee_not_over\.20000\r\n[^]*Anna & co\./);
      assert.match(await page.textContent('.ways'), /as it says itself/);
      await page.emulateMedia({ media: 'print' });
      assert.ok(await page.isVisible('#letter'));
      for (const other of ['header', '#letter-title', '.ways', '#letter-sent']) {
        assert.ok(await page.locator(other).first().isHidden(), other);
      }
      await page.emulateMedia({ media: null });
      await page.click('#letter-sent');
      await page.locator('.letters[data-event="deletion-asked"]').waitFor();
      assert.deepEqual(await events(page),
        ['deletion-asked', 'presented', 'received']);
      await page.click('.letters button');
      await page.locator('#history-status .ok').waitFor();
      assert.deepEqual(await events(page), ['presented', 'received']);
      await page.click('[data-ask]');
      await page.click('[data-kind="access"]');
      await page.waitForSelector('#letter-card[data-kind="access"]');
      assert.match(await page.textContent('#letter'), /Article 15/);
      await page.click('#letter-sent');
      await page.locator('.letters[data-event="access-asked"]').waitFor();
    },

  'the wallet: history is filtered, and saved as JSON and CSV without values':
    async (page, world) => {
      await hold(page, world);
      await show(page, world);
      await ask(page, world.body.ask([['family_name']]));
      await refuse(page);
      await visit(page, 'history');
      await page.waitForSelector('.event');
      const all = JSON.parse(await saved(page, '#history-save'));
      assert.deepEqual(all.map((e) => e.event),
        ['refused', 'presented', 'received']);
      assert.deepEqual(all[1].claims, [BIT]);
      await page.selectOption('#history-kind', 'presented');
      assert.deepEqual(await events(page), ['presented']);
      const csv = await saved(page, '#history-csv');
      assert.match(csv, /^time,event,[^\r]*\r\n20[^\r]*,presented,[^\r]*\r\n$/);
      assert.ok(csv.includes('isee_not_over.20000'));
      assert.doesNotMatch(csv + JSON.stringify(all), /Bianchi|BNCNNA|18.?250/);
      await page.selectOption('#history-kind', '');
      await page.fill('#history-find', 'nursery');
      assert.deepEqual(await events(page), ['refused', 'presented']);
      await page.fill('#history-find', 'nowhere');
      await page.locator('#history', { hasText: 'Nothing like this' }).waitFor();
    },

  'the wallet: the camera reads an offer, our reader of codes at work':
    async (page, world) => {
      const officer = await atDesk(page, world);
      const given = await desk.offer(officer, world, desk.freshReference());
      const picture = await officer.locator('#offer svg.qr').screenshot();
      await withCamera(world, await film(page, picture), async (phone) => {
        await make(phone);
        await visit(phone, 'scan');
        await phone.click('#camera-go');
        await phone.waitForSelector('#offer-accept');
        assert.equal(await phone.inputValue('#paste-link'), given.link);
        assert.ok(await phone.locator('#camera-video').isHidden());
        await phone.fill('#offer-tx', given.tx);
        await phone.click('#offer-accept');
        await phone.waitForSelector('#offer[data-state="accepted"]');
        await desk.state(officer, 'issued');
        await visit(phone, 'scan'); // nobody looks: the camera ends
        await phone.locator('#offer button').click();
        await phone.click('#camera-go');
        await phone.waitForSelector('#camera-stop:not([hidden])');
        await visit(phone, 'cards');
        assert.equal(await phone.evaluate(() =>
          document.querySelector('#camera-video').srcObject), null);
      });
    },

  'the wallet: a picture of a code is chosen, and one of none':
    async (page, world) => {
      await make(page);
      const officer = await atDesk(page, world);
      const given = await desk.offer(officer, world, desk.freshReference());
      const whole = await officer.screenshot(); // as people make them
      const [saving] = await Promise.all([officer.waitForEvent('download'),
        officer.click('#offer .quiet')]);
      assert.match(saving.suggestedFilename(), /^offer-.*\.png$/);
      const printed = readFileSync(await saving.path());
      await visit(page, 'scan');
      await page.setInputFiles('#camera-file', { name: 'none.png',
        mimeType: 'image/png', buffer: await page.screenshot() });
      await page.locator('#camera-status', { hasText: 'no QR code' }).waitFor();
      await page.setInputFiles('#camera-file', { name: 'screen.png',
        mimeType: 'image/png', buffer: whole });
      await page.waitForSelector('#offer-accept');
      assert.equal(await page.inputValue('#paste-link'), given.link);
      await page.click('#offer-decline');
      await page.setInputFiles('#camera-file', { name: 'printed.png',
        mimeType: 'image/png', buffer: printed });
      await page.waitForSelector('#offer-accept');
      assert.equal(await page.inputValue('#paste-link'), given.link);
    },

  'the wallet: installable, and opens without a network; nothing of a person kept':
    async (page, world) => {
      await hold(page, world);
      await page.evaluate(() => navigator.serviceWorker.ready);
      await page.reload();
      await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
      await visit(page, 'cards');
      await page.waitForSelector('.credential');
      await page.click('.credential h2 a');
      await page.waitForSelector('#card-title');
      const kept = await page.evaluate(async () => {
        const cache = await caches.open((await caches.keys())[0]);
        return (await cache.keys()).map((r) => new URL(r.url).pathname);
      });
      for (const path of ['/', '/web/app.js', '/web/i18n/it.js', '/web/words/it.js',
        '/web/style.css', '/web/qr/symbol.js', '/web/qr/worker.js',
        '/web/fonts/titillium-web-400.woff2', '/web/icons/icon-192.png']) {
        assert.ok(kept.includes(path), `${path} is not kept`);
      }
      assert.deepEqual(kept.filter((p) => p !== '/' && !p.startsWith('/web/')), []);
      const manifest = await page.request.get(`${world.url}/web/app.webmanifest`)
        .then((r) => r.json());
      for (const icon of manifest.icons) {
        const { status, type } = await page.request.get(world.url + icon.src)
          .then((r) => ({ status: r.status(), type: r.headers()['content-type'] }));
        assert.deepEqual([status, type], [200, icon.type]);
      }
      await page.context().setOffline(true);
      await page.goto(world.url);
      await page.waitForSelector('body[data-ready]');
      assert.match(await page.textContent('#outage'), /cannot be reached/);
      assert.doesNotMatch(await page.textContent('body'), /Bianchi/);
      await page.context().setOffline(false);
      await page.reload();
      await page.waitForSelector('.credential');
    },
};

export const looks = {
  'asking': async (page, world) => {
    const officer = await hold(page, world);
    await officer.close();
    if (world.width < 400) { // the narrowest phones that are still sold
      await page.setViewportSize({ width: 360, height: 740 });
    }
    await visit(page, 'scan');
    await page.locator('#offer button', { hasText: /another|altro/ }).click();
    await inspect(page, world, 'wallet-scan-again');
    await ask(page, world.body.ask([['isee_amount'], ['tax_id_code'], BIT,
      ['isee_not_over', '15000']]));
    await inspect(page, world, 'wallet-over-asking');
    await refuse(page);
    await ask(page, world.body.ask([BIT], [PAYMENT, APPROVAL]));
    await inspect(page, world, 'wallet-transaction');
    await page.click('#request-answer');
    await done(page, 'shown');
    await visit(page, 'history');
    await page.waitForSelector('.event');
    await inspect(page, world, 'wallet-history-tools');
    await page.click('[data-ask]');
    await page.waitForSelector('#letter-title');
    await inspect(page, world, 'wallet-letter');
    await page.click('#letter-sent');
    await page.locator('.letters').waitFor();
    await inspect(page, world, 'wallet-history-asked');
  },
};
