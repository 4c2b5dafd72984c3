// What officers do at the desk. A story gets a fresh page and the world: the
// body, its address, its operators.
// SPDX-License-Identifier: EUPL-1.2
import assert from 'node:assert/strict';
import { accept } from './holder.mjs';
import { inspect, scan, visit } from './looking.mjs';

const CLAIMS = {
  'given_name': 'Anna', 'family_name': 'Bianchi', 'birthdate': '1988-04-12',
  'tax_id_code': 'BNCNNA88D52F205X', 'isee_amount': '18.250,50',
  'valid_until': '2027-12-31', 'household_size': '3',
};

export async function logIn(page, world, operator = world.body.someone()) {
  await page.fill('#login-name', operator.name);
  await page.fill('#login-passphrase', operator.passphrase);
  await page.fill('#login-code', world.body.code(operator));
  await page.click('#login-go');
}

export async function enter(page, world, operator) {
  await logIn(page, world, operator);
  await page.waitForSelector('#view-issue:not([hidden])');
}

async function fillIsee(page, reference = '') {
  await page.selectOption('#issue-type', 'isee');
  for (const [name, value] of Object.entries(CLAIMS)) {
    await page.fill(`#claim-${name}`, value);
  }
  await page.fill('#issue-reference', reference);
}

/** {link, tx}: what the person gets, the link as a camera sees it. */
export async function offer(page, world, reference) {
  await visit(page, 'issue');
  await fillIsee(page, reference);
  await page.click('#issue-form button[type="submit"]');
  await page.waitForSelector('#offer-title');
  const picture = await page.locator('#offer svg.qr').screenshot();
  return { link: await scan(page, world, picture),
    tx: await page.textContent('#offer-tx') };
}

export const state = (page, wanted) =>
  page.waitForSelector(`#offer[data-state="${wanted}"]`);

/** The link of a question, as a camera sees it. */
export async function question(page, world, step = '20000') {
  await visit(page, 'ask');
  if (await page.isVisible('#asked-another')) {
    await page.click('#asked-another');
  }
  await page.selectOption('#ask-type', 'isee');
  await page.selectOption('#ask-isee_not_over', step);
  await page.fill('#ask-purpose', 'Place in a nursery');
  await page.click('#ask-form button[type="submit"]');
  await page.waitForSelector('#asked-title');
  return scan(page, world, await page.locator('#asked svg.qr').screenshot());
}

export const phase = (page, wanted) =>
  page.waitForSelector(`#asked[data-phase="${wanted}"]`);

export async function revoke(page, reference, move = 'revoke', reason = 'DSU rectified') {
  await visit(page, 'credentials');
  await page.fill('#find-text', reference);
  await page.click('#find button');
  const card = page.locator('#found li', { hasText: reference });
  await card.locator(`[data-move="${move}"]`).click();
  await card.locator('.moves input').fill(reason);
  await card.locator('button[type="submit"]').click();
  await page.locator('#find-status', { hasText: /credential/ }).waitFor();
  return card;
}

let number = 0;
export const freshReference = () => `2026/${++number + 100}`;

export const stories = {
  'the desk: a wrong passphrase, a wrong code, a code used twice':
    async (page, world) => {
      const anna = world.body.operator('anna', 'supervisor');
      const used = world.body.code(anna);
      const attempt = async (passphrase, code) => {
        await page.fill('#login-name', anna.name);
        await page.fill('#login-passphrase', passphrase);
        await page.fill('#login-code', code);
        await page.click('#login-go');
      };
      await attempt('nonsense', used);
      await page.locator('#login-status .reason').waitFor();
      await attempt(anna.passphrase, '000000');
      await page.waitForFunction(() =>
        document.querySelector('#login-code').value === '');
      await page.locator('#login-status .reason').waitFor();
      await attempt(anna.passphrase, used);
      await page.waitForSelector('#view-issue:not([hidden])');
      assert.match(await page.textContent('#who-name'), /anna, supervisor/);
      assert.equal(await page.evaluate(() => document.cookie), '');
      await page.click('#logout');
      await page.waitForSelector('#view-login:not([hidden])');
      await page.waitForSelector('body[data-ready]');
      await attempt(anna.passphrase, used);
      await page.locator('#login-status .reason').waitFor();
      assert.match(await page.textContent('#login-status'), /wrong/);
    },

  'the desk: other sites and other roles change nothing':
    async (page, world) => {
      await enter(page, world, world.body.someone('auditor'));
      const tries = await page.evaluate(async () => {
        const { mark } = await (await fetch('/desk/v1/session')).json();
        const offer = (header) => fetch('/desk/v1/offers', { method: 'POST',
          headers: { 'Content-Type': 'application/json', ...header },
          body: '{"type":"isee","claims":{}}' }).then((r) => r.status);
        return [await offer({}), await offer({ 'X-Broletto-Desk': 'login' }),
          await offer({ 'X-Broletto-Desk': mark })];
      });
      assert.deepEqual(tries, [403, 403, 403]);
      const { headers } = await page.request.get(world.url)
        .then((r) => ({ headers: r.headers() }));
      assert.match(headers['content-security-policy'], /^default-src 'none'; /);
      assert.doesNotMatch(headers['content-security-policy'],
        /unsafe|https?:|data:|\*/);
    },

  'the desk: an offer is scanned, taken, found, suspended, revoked':
    async (page, world) => {
      const reference = freshReference();
      await enter(page, world);
      const given = await offer(page, world, reference);
      assert.match(given.link, /^openid-credential-offer:\/\/\?credential_offer_uri=/);
      assert.equal(given.link, await page.getAttribute('#offer-link', 'href'));
      await state(page, 'offered');
      const taken = await accept(given.link, given.tx);
      assert.match(taken.credential, /^ey.*~/);
      await state(page, 'issued');
      await page.click('#offer-credential');
      const card = page.locator('#found li', { hasText: reference });
      assert.equal(await card.getAttribute('data-status'), 'valid');
      assert.doesNotMatch(await card.textContent(), /Anna|Bianchi|18/);
      await revoke(page, reference, 'suspend', 'Being looked into');
      await page.waitForSelector('#found li[data-status="suspended"]');
      await revoke(page, reference, 'reinstate', 'Cleared');
      await page.waitForSelector('#found li[data-status="valid"]');
      await revoke(page, reference);
      await page.waitForSelector('#found li[data-status="invalid"]');
      assert.equal(await card.locator('[data-move]').count(), 0);
      await visit(page, 'audit');
      const row = page.locator('#audit tbody tr').first();
      await row.waitFor();
      assert.match(await row.textContent(), /supervisor-\d+.*revoked.*DSU rectified/);
    },

  'the desk: a reason is needed, and what is missing is told':
    async (page, world) => {
      await enter(page, world);
      await page.selectOption('#issue-type', 'isee');
      await page.click('#issue-form button[type="submit"]');
      await page.locator('#issue-status', { hasText: 'Fields to correct: 6' })
        .waitFor();
      assert.equal(await page.evaluate(() => document.activeElement.id),
        'claim-given_name');
      await fillIsee(page);
      await page.fill('#claim-isee_amount', '12,345,6');
      await page.click('#issue-form button[type="submit"]');
      await page.waitForSelector('#claim-isee_amount[aria-invalid="true"]');
      const reference = freshReference();
      const given = await offer(page, world, reference);
      await accept(given.link, given.tx);
      await state(page, 'issued');
      await visit(page, 'credentials');
      await page.fill('#find-text', reference);
      await page.click('#find button');
      const card = page.locator('#found li', { hasText: reference });
      await card.locator('[data-move="revoke"]').click();
      await card.locator('button[type="submit"]').click();
      await card.locator('.reason').waitFor();
      await card.locator('button[type="button"]').click();
      assert.equal(await card.getAttribute('data-status'), 'valid');
    },

  'the desk: an offer is withdrawn, and nobody can take it':
    async (page, world) => {
      await enter(page, world);
      const given = await offer(page, world, freshReference());
      await page.click('#offer-withdraw');
      await state(page, 'withdrawn');
      await assert.rejects(accept(given.link, given.tx));
    },

  'the desk: a question, a yes, a no, a refusal; revoked, then a reason':
    async (page, world) => {
      const reference = freshReference();
      const citizen = world.body.wallet('anna');
      await enter(page, world);
      const given = await offer(page, world, reference);
      citizen.accept(given.link, given.tx);
      await state(page, 'issued');
      citizen.present(await question(page, world));
      await phase(page, 'accepted');
      assert.equal(await page.textContent('[data-path="isee_not_over/20000"]'),
        'Yes');
      assert.doesNotMatch(await page.textContent('#asked'), /Bianchi|18.?250/);
      citizen.present(await question(page, world, '18000'));
      await phase(page, 'accepted');
      assert.equal(await page.textContent('[data-path="isee_not_over/18000"]'),
        'No');
      citizen.present(await question(page, world), '--refuse');
      await phase(page, 'declined');
      await revoke(page, reference);
      const late = await question(page, world);
      assert.throws(() => citizen.present(late));
      await phase(page, 'refused');
      assert.match(await page.textContent('#asked-result'), /has been revoked/);
    },

  'the desk: wrong transaction codes lock an offer': async (page, world) => {
    await enter(page, world);
    const given = await offer(page, world, freshReference());
    const wrong = given.tx === '000000' ? '111111' : '000000';
    for (let i = 0; i < 5; i++) {
      await assert.rejects(accept(given.link, wrong));
    }
    await state(page, 'locked');
    await assert.rejects(accept(given.link, given.tx));
  },
};

export const looks = {
  'desk': async (page, world) => {
    await inspect(page, world, 'desk-login');
    await page.fill('#login-name', 'nobody');
    await page.fill('#login-passphrase', 'x');
    await page.fill('#login-code', '123456');
    await page.click('#login-go');
    await page.locator('#login-status .reason').waitFor();
    await inspect(page, world, 'desk-login-refused');
    await enter(page, world, world.body.someone());
    await inspect(page, world, 'desk-issue');
    const reference = freshReference();
    await fillIsee(page, reference);
    await page.fill('#claim-isee_amount', 'tanti');
    await page.click('#issue-form button[type="submit"]');
    await page.locator('#issue-status .reason').waitFor();
    await inspect(page, world, 'desk-issue-wrong');
    const given = await offer(page, world, reference);
    await inspect(page, world, 'desk-offer');
    await accept(given.link, given.tx);
    await state(page, 'issued');
    await inspect(page, world, 'desk-offer-taken');
    await visit(page, 'credentials');
    await page.fill('#find-text', reference);
    await page.click('#find button');
    const card = page.locator('#found li', { hasText: reference });
    await card.locator('[data-move="revoke"]').click();
    await card.locator('button[type="submit"]').click();
    await inspect(page, world, 'desk-revoke');
    await card.locator('.moves input').fill('DSU rettificata');
    await card.locator('button[type="submit"]').click();
    await page.waitForSelector('#found li[data-status="invalid"]');
    await inspect(page, world, 'desk-revoked');
    await visit(page, 'ask');
    await inspect(page, world, 'desk-ask');
    await visit(page, 'audit');
    await page.locator('#audit tbody tr').first().waitFor();
    await inspect(page, world, 'desk-audit');
  },
};
