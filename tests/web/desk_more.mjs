// The desk, more of it: logging in at a provider, what waits, looking back, and
// the page that a person has before them.
// SPDX-License-Identifier: EUPL-1.2
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { enter, freshReference, phase, question } from './desk.mjs';
import { inspect, scan, visit } from './looking.mjs';

const CLAIMS = { given_name: 'Anna', family_name: 'Bianchi',
  birthdate: '1988-04-12', tax_id_code: 'BNCNNA88D52F205X',
  isee_amount: 18250.5, household_size: 3, valid_until: '2027-12-31' };

function claimsFile(world) {
  const path = join(world.body.folder, 'claims.json');
  writeFileSync(path, JSON.stringify(CLAIMS));
  return path;
}

const offered = (world, ...more) => JSON.parse(world.body.cli('issuer', 'offer',
  '--type', 'isee', '--claims', claimsFile(world), '--data', world.body.data,
  '--json', ...more));

/** An offer that a wallet has taken up, and that waits. */
function waits(world, name, reference) {
  const { id, offer } = offered(world, '--deferred', '--reference', reference);
  world.body.wallet(name).accept(offer);
  return id;
}

let wallets = 0;
/** A wallet with the credential. */
function holder(world) {
  const wallet = world.body.wallet(`holder-${++wallets}`);
  wallet.accept(offered(world).offer);
  return wallet;
}

/** The address of a question's page, made beside the desk. */
function asked(world, purpose) {
  const path = join(world.body.folder, 'ask.json');
  writeFileSync(path, JSON.stringify({ credentials: [{ id: 'isee',
    format: 'dc+sd-jwt', meta: { vct_values: [`${world.body.url}/vct/isee`] },
    claims: [{ path: ['isee_not_over', '20000'] }] }] }));
  const { id, request: link } = JSON.parse(world.body.cli('verifier', 'request', '--dcql',
    path, '--data', world.body.data, '--purpose', purpose, '--json'));
  return { link, url: `${world.body.url}/vp/requests/${id}/wait` };
}

/** The provider is another site, on purpose. */
function forgive(page, world) {
  page.troubles = page.troubles.filter((t) =>
    !t.includes(world.body.provider.url));
}

export const stories = {
  'the desk: by a provider, listed, not listed, declined, and out again':
    async (page, world) => {
      await page.locator('#provider-go', { hasText: 'SPID or CIE' }).waitFor();
      await page.click('#provider-go');
      await page.click('#mallory');
      await page.locator('#provider-status', { hasText: 'not listed' }).waitFor();
      await page.click('#provider-go');
      await page.click('#no');
      await page.locator('#provider-status', { hasText: 'declined' }).waitFor();
      world.body.listed('lucia');
      await page.click('#provider-go');
      await page.click('#lucia');
      await page.waitForSelector('#view-issue:not([hidden])');
      assert.match(await page.textContent('#who-name'), /lucia, operator/);
      assert.equal(await page.evaluate(() => document.cookie), '');
      await page.reload();
      await page.waitForSelector('#view-issue:not([hidden])');
      await page.click('#logout');
      await page.waitForSelector('#view-login:not([hidden])');
      assert.equal(new URL(page.url()).origin, world.url);
      forgive(page, world);
    },

  'the desk: what waits is approved, and refused with a reason':
    async (page, world) => {
      const yes = freshReference();
      const no = freshReference();
      const happy = waits(world, 'happy', yes);
      waits(world, 'sad', no);
      await enter(page, world);
      await visit(page, 'waiting');
      const card = (reference) =>
        page.locator('#waiting-list li', { hasText: reference });
      await card(yes).locator('[data-decide="approved"]').click();
      await page.locator('#waiting-status', { hasText: 'Approved' }).waitFor();
      assert.equal(await card(yes).count(), 0);
      await card(no).locator('[data-decide="refused"]').click();
      await card(no).locator('button[type="submit"]').click();
      await card(no).locator('.reason').waitFor();
      await card(no).locator('input').fill('Not a resident');
      await card(no).locator('button[type="submit"]').click();
      await page.locator('#waiting-status', { hasText: 'Refused' }).waitFor();
      assert.equal(await page.evaluate(async (id) => (await (await fetch(
        `/desk/v1/offers/${id}`)).json()).state, happy), 'approved');
      await visit(page, 'audit');
      const row = page.locator('#audit tbody tr').first();
      await row.waitFor();
      assert.match(await row.textContent(), /refused an offer.*Not a resident/);
    },

  'the desk: looking back, with reasons and the receipt, without answers':
    async (page, world) => {
      const wallet = holder(world);
      await enter(page, world);
      wallet.present(await question(page, world));
      await phase(page, 'accepted');
      wallet.present(await question(page, world), '--refuse');
      await phase(page, 'declined');
      await visit(page, 'decisions');
      const items = page.locator('#decisions-list > li');
      await items.first().waitFor();
      assert.equal(await items.nth(0).getAttribute('data-outcome'), 'declined');
      const done = items.nth(1);
      assert.equal(await done.getAttribute('data-outcome'), 'accepted');
      assert.match(await done.textContent(), /Place in a nursery/);
      await done.locator('summary').first().click();
      const [download] = await Promise.all([
        page.waitForEvent('download'), done.locator('a[download]').click()]);
      const jwt = readFileSync(await download.path(), 'utf8');
      const payload = Buffer.from(jwt.split('.')[1], 'base64url').toString();
      assert.match(payload, /"accepted"/);
      assert.doesNotMatch(payload + await done.textContent(),
        /Bianchi|18.?250|isee_not_over":true/);
      await page.selectOption('#decisions-outcome', 'declined');
      await page.click('#decisions-find button');
      await page.waitForFunction(() => [...document.querySelectorAll(
        '#decisions-list > li')].every((li) => li.dataset.outcome === 'declined'));
    },

  'the page before a person: the code is scanned, and it tells what came of it':
    async (page, world) => {
      const wallet = holder(world);
      const question = asked(world, 'A place in <b>the nursery</b>');
      await page.goto(question.url);
      assert.match(await page.textContent('main'),
        /Comune di Prova.*A place in <b>the nursery<\/b>/s);
      const picture = await page.locator('img.qr').screenshot();
      assert.equal(await scan(page, world, picture), question.link);
      assert.equal(await page.getAttribute('main a.button', 'href'),
        question.link);
      wallet.present(question.link);
      await page.waitForSelector('body[data-phase="accepted"]');
      assert.match(await page.title(), /^Received: the credentials are valid/);
      assert.equal(await page.locator('img.qr').count(), 0);
    },

  'the page before a person: without scripts it asks for itself again':
    async (page, world) => {
      const wallet = holder(world);
      const { link, url } = asked(world, 'A bus pass');
      const context = await page.context().browser().newContext({
        javaScriptEnabled: false, locale: 'it-IT' });
      const plain = await context.newPage();
      await plain.goto(url);
      await plain.locator('p.wait', { hasText: 'Inquadra' }).waitFor();
      wallet.present(link, '--refuse');
      await plain.waitForSelector('body[data-phase="declined"]');
      await plain.locator('h2', { hasText: 'Hai rifiutato' }).waitFor();
      await context.close();
    },
};

export const looks = {
  'desk, more': async (page, world) => {
    await inspect(page, world, 'desk-ways');
    await page.goto(`${world.url}/#login/unlisted`);
    await page.reload();
    await page.locator('#provider-status .reason').waitFor();
    await inspect(page, world, 'desk-unlisted');
    const reference = freshReference();
    waits(world, `look-${reference.replace('/', '-')}`, reference);
    const wallet = holder(world);
    const good = asked(world, 'Un posto al nido comunale');
    await page.goto(good.url);
    await inspect(page, world, 'wait');
    wallet.present(good.link);
    await page.waitForSelector('body[data-phase="accepted"]');
    await inspect(page, world, 'wait-accepted');
    const bad = asked(world, 'Un posto al nido comunale');
    world.body.revokeAll();
    assert.throws(() => wallet.present(bad.link));
    await page.goto(bad.url);
    await inspect(page, world, 'wait-refused');
    await page.goto(world.url);
    await page.waitForSelector('body[data-ready]');
    await enter(page, world);
    await visit(page, 'waiting');
    await page.locator('#waiting-list li').first().waitFor();
    await inspect(page, world, 'desk-waiting');
    await page.locator('[data-decide="refused"]').first().click();
    await inspect(page, world, 'desk-waiting-refuse');
    await visit(page, 'decisions');
    const first = page.locator('#decisions-list > li').first();
    await first.locator('summary').first().click();
    await first.locator('a[download]').waitFor();
    await inspect(page, world, 'desk-decisions');
  },
};
