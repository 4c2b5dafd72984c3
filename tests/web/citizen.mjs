// What citizens do with their wallet's page, and the whole story: the desk
// issues, the citizen accepts and shows one bit, the desk revokes. A story gets
// a fresh page on the wallet, and the world: the body and the wallet.
// SPDX-License-Identifier: EUPL-1.2
import assert from 'node:assert/strict';
import * as desk from './desk.mjs';
import { inspect, visit } from './looking.mjs';

const PASSPHRASE = 'cavallo corretto batteria graffetta';
let people = 0;

export async function make(page, name = `Anna ${++people}`) {
  await page.fill('#enter-name', name);
  await page.fill('#enter-passphrase', PASSPHRASE);
  await page.click('#enter-new');
  await page.waitForSelector('#view-cards:not([hidden])');
  return name;
}

/** The body's desk, in another page of the same browser. */
export async function atDesk(page, world) {
  const officer = await page.context().newPage();
  officer.setViewportSize({ width: 1280, height: 900 });
  await officer.goto(world.body.url);
  await officer.waitForSelector('body[data-ready]');
  await officer.click('[data-language="en"]');
  await desk.enter(officer, world);
  return officer;
}

export async function paste(page, link) {
  await visit(page, 'scan');
  if (!(await page.isVisible('#paste-link'))) {
    await page.locator('#offer, #request').locator('visible=true')
      .locator('button', { hasText: /another|altro/ }).click();
  }
  await page.fill('#paste-link', link);
  await page.click('#paste-go');
}

export async function accept(page, given) {
  await paste(page, given.link);
  await page.waitForSelector('#offer-accept');
  await page.fill('#offer-tx', given.tx);
  await page.click('#offer-accept');
  await page.waitForSelector('#offer[data-state="accepted"]');
}

export async function answer(page, link) {
  await paste(page, link);
  await page.waitForSelector('#request-answer');
  await page.click('#request-answer');
}

export const done = (page, state) =>
  page.waitForSelector(`#request[data-state="${state}"]`);

export const stories = {
  'the whole story: issued, accepted, one bit shown, revoked':
    async (page, world) => {
      await make(page);
      const reference = desk.freshReference();
      const officer = await atDesk(page, world);
      const given = await desk.offer(officer, world, reference);
      await paste(page, given.link);
      await page.waitForSelector('#offer-accept');
      assert.match(await page.textContent('#offer'), /Comune di Prova/);
      assert.match(await page.textContent('#offer'), /Given name/);
      assert.match(await page.textContent('[data-standing="accredited"]'),
        /Comune di Prova, accredited by Istituto di Prova/);
      await page.fill('#offer-tx', given.tx);
      await page.click('#offer-accept');
      await page.waitForSelector('#offer[data-state="accepted"]');
      assert.match(await page.textContent('#offer'), /Bianchi/);
      await desk.state(officer, 'issued');

      const asked = await desk.question(officer, world);
      await paste(page, asked);
      await page.waitForSelector('#request-answer');
      const said = await page.textContent('#request');
      assert.match(said, /Place in a nursery/);
      assert.match(await page.textContent('#request-registered'),
        /Comune di Prova.*did:broletto:/);
      assert.match(said, /20000|20,000/);
      assert.doesNotMatch(said, /Broletto/); // who asks is the body
      assert.doesNotMatch(said, /Bianchi|18.?250/);
      await page.click('#request-answer');
      await done(page, 'shown');
      await desk.phase(officer, 'accepted');
      assert.equal(await officer.textContent(
        '[data-path="isee_not_over/20000"]'), 'Yes');
      assert.doesNotMatch(await officer.textContent('#asked'), /Bianchi|18.?250/);
      assert.match(await officer.textContent('[data-issuer="accredited"]'),
        /Comune di Prova, accredited by Istituto di Prova/);

      await desk.revoke(officer, reference);
      await answer(page, await desk.question(officer, world));
      await done(page, 'not-accepted');
      await desk.phase(officer, 'refused');
      assert.match(await officer.textContent('#asked-result'),
        /has been revoked/);
    },

  'the wallet: a body that nobody accredits is pointed out, then accepted':
    async (page, world) => {
      await make(page);
      await paste(page, world.body.offerUnaccredited());
      await page.waitForSelector('#offer-accept');
      assert.match(await page.textContent('[data-standing="not-accredited"]'),
        /not accredited to issue this.*Comune di Prova/s);
      assert.match(await page.textContent('#offer-accept'), /all the same/);
      await page.click('#offer-accept');
      await page.waitForSelector('#offer[data-state="accepted"]');
      await page.click('#offer h3 a');
      await page.waitForSelector('#card-title');
      await page.locator('#cards summary').first().click();
      await page.locator('#cards [data-standing="not-accredited"]').waitFor();
    },

  'the wallet: an accreditation that is revoked, as the desk sees it':
    async (page, world) => {
      await make(page);
      const officer = await atDesk(page, world);
      const reference = desk.freshReference();
      await accept(page, await desk.offer(officer, world, reference));
      const asked = await desk.question(officer, world);
      world.body.revokeAccreditation();
      try {
        await answer(page, asked);
        await done(page, 'not-accepted');
        await desk.phase(officer, 'refused');
        const told = await officer.textContent('#asked-result');
        assert.match(told, /does not let its issuer issue it, or no longer/);
        assert.match(told, /registry-accreditation.*is revoked/);
      } finally {
        world.body.accredit();
      }
    },

  'the wallet: refusing an offer, and a question': async (page, world) => {
    await make(page);
    const officer = await atDesk(page, world);
    const given = await desk.offer(officer, world, desk.freshReference());
    await paste(page, given.link);
    await page.click('#offer-decline');
    await page.waitForSelector('#paste-link:visible');
    await accept(page, given);
    await paste(page, await desk.question(officer, world));
    await page.click('#request-refuse');
    await done(page, 'refused');
    await desk.phase(officer, 'declined');
    await visit(page, 'history');
    await page.waitForSelector('.event');
    const events = await page.locator('.event').evaluateAll((all) =>
      all.map((e) => e.dataset.event));
    assert.deepEqual(events, ['refused', 'received', 'refused']);
    assert.doesNotMatch(await page.textContent('#history'), /Bianchi|Anna|18/);
  },

  'the wallet: a wrong code, then the right one; a wrong passphrase, then the right one':
    async (page, world) => {
      const name = await make(page);
      const officer = await atDesk(page, world);
      const given = await desk.offer(officer, world, desk.freshReference());
      await paste(page, given.link);
      await page.waitForSelector('#offer-accept');
      await page.click('#offer-accept');
      await page.locator('#offer-status .reason').waitFor();
      await page.fill('#offer-tx', given.tx === '000000' ? '111111' : '000000');
      await page.click('#offer-accept');
      await page.locator('#offer-status', { hasText: 'Check the code' }).waitFor();
      await page.fill('#offer-tx', given.tx);
      await page.click('#offer-accept');
      await page.waitForSelector('#offer[data-state="accepted"]');
      await paste(page, given.link); // which serves once
      await page.locator('#paste-status', { hasText: 'not there any more' }).waitFor();
      await visit(page, 'history');
      await page.locator('.event', { hasText: 'Received from Comune di Prova' })
        .waitFor();
      await visit(page, 'settings');
      await page.click('#logout');
      await page.waitForSelector('#view-enter:not([hidden])');
      await page.waitForSelector('body[data-ready]');
      await page.fill('#enter-name', name);
      await page.fill('#enter-passphrase', 'something else');
      await page.click('#enter-go');
      await page.locator('#enter-status .reason').waitFor();
      await page.fill('#enter-passphrase', PASSPHRASE);
      await page.click('#enter-go');
      await page.waitForSelector('#view-cards:not([hidden])');
      assert.equal(await page.evaluate(() => document.cookie), '');
    },

  'the wallet: cards, one with its claims, deleted': async (page, world) => {
    await make(page);
    const officer = await atDesk(page, world);
    await accept(page, await desk.offer(officer, world, desk.freshReference()));
    await visit(page, 'cards');
    await page.click('.credential h2 a');
    await page.waitForSelector('#card-title');
    assert.match(await page.textContent('#cards'), /BNCNNA88D52F205X/);
    await page.click('[data-language="it"]');
    await page.locator('#card-title', { hasText: 'Attestazione ISEE' }).waitFor();
    await page.click('#card-remove');
    await page.click('.button.danger');
    await page.locator('#cards-status', { hasText: 'Non ce ne sono' }).waitFor();
  },

  'the wallet: granted on the body’s page, come back, renewed':
    async (page, world) => {
      await make(page);
      await paste(page, world.body.pageOffer());
      await page.waitForSelector('#offer-page');
      assert.equal(await page.locator('#offer-accept').count(), 0);
      await page.click('#offer-page');
      await page.waitForURL(/\/authorize\?/);
      await page.click('button[value="yes"]');
      await page.waitForSelector('#offer[data-state="accepted"]');
      assert.match(await page.textContent('#offer'), /Bianchi/);
      assert.doesNotMatch(page.url(), /code=/);
      await visit(page, 'cards');
      await page.click('.credential h2 a');
      await page.click('#card-renew');
      await visit(page, 'history');
      await page.locator('.event[data-event="renewed"]').waitFor();
      await visit(page, 'cards');
      await page.waitForSelector('.credential[data-notice="valid"]');
      assert.equal(await page.locator('.credential').count(), 1);
    },

  'the wallet: the body’s page, the wallet closed meanwhile, a reload, a refusal':
    async (page, world) => {
      const name = await make(page);
      await paste(page, world.body.pageOffer());
      await page.click('#offer-page');
      await page.waitForURL(/\/authorize\?/);
      await page.context().clearCookies();
      await page.click('button[value="yes"]');
      await page.waitForURL(/\/back\?/);
      await page.locator('#enter-status', { hasText: /body’s page/ }).waitFor();
      await page.reload();
      await page.locator('#enter-status', { hasText: /body’s page/ }).waitFor();
      const address = page.url();
      await page.fill('#enter-name', name);
      await page.fill('#enter-passphrase', PASSPHRASE);
      await page.click('#enter-go');
      await page.waitForSelector('#offer[data-state="accepted"]');

      await page.goto(address); // it serves once
      await page.waitForSelector('#offer[data-state="failed"] .reason');
      await page.locator('#offer button').click();

      await paste(page, world.body.pageOffer());
      await page.click('#offer-page');
      await page.waitForURL(/\/authorize\?/);
      await page.click('button[value="no"]');
      await page.waitForSelector('#offer[data-state="failed"] .reason');
      await visit(page, 'cards');
      await page.waitForSelector('.credential');
      assert.equal(await page.locator('.credential').count(), 1);
    },

  'the wallet: what is no link is told, and erasing ends it':
    async (page) => {
      const name = await make(page);
      await paste(page, 'https://example.org/');
      await page.locator('#paste-status .reason').waitFor();
      await visit(page, 'settings');
      await page.click('#erase button');
      await page.fill('#confirm-passphrase', 'not this one');
      await page.click('#confirm-go');
      await page.locator('#erase-status .reason').waitFor();
      await page.click('#erase button');
      await page.fill('#confirm-passphrase', PASSPHRASE);
      await page.click('#confirm-go');
      await page.waitForSelector('#view-enter:not([hidden])');
      await page.waitForSelector('body[data-ready]');
      await page.fill('#enter-name', name);
      await page.fill('#enter-passphrase', PASSPHRASE);
      await page.click('#enter-go');
      await page.locator('#enter-status .reason').waitFor();
    },
};

export const looks = {
  'wallet': async (page, world) => {
    await inspect(page, world, 'wallet-enter');
    await make(page);
    await page.waitForSelector('#cards .button');
    await inspect(page, world, 'wallet-empty');
    const officer = await atDesk(page, world);
    const reference = desk.freshReference();
    const given = await desk.offer(officer, world, reference);
    await visit(page, 'scan');
    await inspect(page, world, 'wallet-scan');
    await paste(page, world.body.pageOffer());
    await page.waitForSelector('#offer-page');
    await inspect(page, world, 'wallet-offer-page');
    await page.click('#offer-decline');
    await page.waitForSelector('#paste-link:visible');
    await paste(page, world.body.offerUnaccredited());
    await page.waitForSelector('[data-standing="not-accredited"]');
    await inspect(page, world, 'wallet-offer-not-accredited');
    await page.click('#offer-decline');
    await page.waitForSelector('#paste-link:visible');
    await paste(page, given.link);
    await page.waitForSelector('#offer-accept');
    await inspect(page, world, 'wallet-offer');
    await page.click('[data-standing] summary');
    await inspect(page, world, 'wallet-offer-chain');
    await page.fill('#offer-tx', given.tx);
    await page.click('#offer-accept');
    await page.waitForSelector('#offer[data-state="accepted"]');
    await inspect(page, world, 'wallet-accepted');
    await visit(page, 'cards');
    await page.waitForSelector('.credential');
    await inspect(page, world, 'wallet-cards');
    await page.click('.credential h2 a');
    await page.waitForSelector('#card-title');
    await page.locator('#cards summary').first().click();
    await inspect(page, world, 'wallet-card');
    await paste(page, await desk.question(officer, world));
    await page.waitForSelector('#request-answer');
    await inspect(page, world, 'wallet-request');
    await page.click('#request-answer');
    await done(page, 'shown');
    await inspect(page, world, 'wallet-shown');
    await desk.phase(officer, 'accepted');
    await officer.click(`[data-language="${world.language}"]`);
    officer.setViewportSize({ width: world.width, height: 900 });
    await officer.emulateMedia({ colorScheme: world.scheme });
    await officer.click('#asked-result summary');
    await inspect(officer, world, 'desk-answered');
    await officer.click('[data-language="en"]');
    await desk.revoke(officer, reference);
    await answer(page, await desk.question(officer, world));
    await done(page, 'not-accepted');
    await inspect(page, world, 'wallet-not-accepted');
    await desk.phase(officer, 'refused');
    await officer.click(`[data-language="${world.language}"]`);
    await inspect(officer, world, 'desk-answer-revoked');
    await visit(page, 'history');
    await page.waitForSelector('.event');
    await inspect(page, world, 'wallet-history');
    await visit(page, 'settings');
    await inspect(page, world, 'wallet-settings');
  },
};
