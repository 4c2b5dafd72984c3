// What officers do at the desk for many people, and with a source of claims.
// SPDX-License-Identifier: EUPL-1.2
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { enter, state } from './desk.mjs';
import { accept } from './holder.mjs';
import { inspect, visit } from './looking.mjs';

const HEAD = 'reference;given_name;family_name;birthdate;tax_id_code;' +
  'isee_amount;valid_until;household_size';
const rows = (people) => [HEAD, ...people.map(([reference, name, amount]) =>
  `${reference};${name};Bianchi;12/04/1988;BNCNNA88D52F205X;${amount};` +
  '31/12/2027;3')].join('\r\n');
const three = (mark) => rows([[`${mark}-1`, 'Anna', '18.250,50'],
  [`${mark}-2`, 'Bruno', '9.000'], [`${mark}-3`, 'Carla', '€ 30.000,00']]);

async function choose(page, text) {
  await visit(page, 'import');
  await page.selectOption('#import-type', 'isee');
  await page.setInputFiles('#import-file',
    { name: 'people.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
}

/** The table of links that the page gives, as rows of cells. */
async function makeOffers(page) {
  await page.click('#import-go');
  const saving = page.waitForEvent('download');
  await page.click('#import-download');
  const text = readFileSync(await (await saving).path(), 'utf8');
  return text.trimEnd().split('\r\n').map((line) => line.split(';'));
}

async function issueThree(page, mark) {
  await choose(page, `\ufeff${three(mark)}\r\n`);
  await page.waitForSelector('#import-go');
  const [head, ...people] = await makeOffers(page);
  assert.deepEqual(head, ['reference', 'offer', 'tx_code']);
  assert.deepEqual(people.map(([r]) => r),
    [1, 2, 3].map((i) => `${mark}-${i}`));
  for (const [, link, tx] of people) {
    await accept(link, tx);
  }
}

async function find(page, text, count) {
  await visit(page, 'credentials');
  await page.fill('#find-text', text);
  await page.click('#find button');
  await page.waitForFunction((n) =>
    document.querySelectorAll('#found li').length === n, count);
}

async function changeMany(page, move, reason) {
  await page.check('#many-all');
  await page.click(`#many-${move}`);
  const asked = await page.textContent('#many-title');
  await page.fill('#many-reason', reason);
  await page.click('#many-form button[type="submit"]');
  return asked;
}

const count = (page, status) =>
  page.locator(`#found li[data-status="${status}"]`).count();

export const stories = {
  'the desk: a table with mistakes makes no offer; a right one makes all':
    async (page, world) => {
      await enter(page, world);
      await choose(page, rows([['M-1', 'Anna', '18,250.50'],
        ['M-2', '', '9.000'], ['M-2', 'Carla', '1']]));
      await page.locator('#import-title', { hasText: 'Mistakes in the table: 2' })
        .waitFor();
      const faults = await page.locator('.faults li').allTextContents();
      assert.match(faults[0], /^Line 2, column 6 \(isee_amount\): no amount/);
      assert.match(faults[1], /^Line 3, column 2 \(given_name\): empty/);
      assert.equal(await page.locator('td.bad').count(), 2);
      assert.equal(await page.locator('#import-go').count(), 0);
      await choose(page, rows([['M-1', 'Anna', '1'], ['M-1', 'Anna', '2']]));
      await page.locator('.faults', { hasText: /row above/ }).waitFor();
      await choose(page, Buffer.from([0x72, 0xe8, 0x0a]));
      await page.locator('#import-status', { hasText: /not UTF-8/ }).waitFor();
      await issueThree(page, 'right');
      await find(page, 'M-', 0);
      await find(page, 'right-', 3);
      assert.equal(await count(page, 'valid'), 3);
    },

  'the desk: many are suspended, that is undone, then all are revoked':
    async (page, world) => {
      await enter(page, world);
      await issueThree(page, 'many');
      await find(page, 'many-', 3);
      assert.equal(await page.textContent('#many-count'), 'None chosen');
      assert.equal(await changeMany(page, 'suspend', 'Being looked into'),
        'Suspend 3 credentials?');
      await page.locator('#find-status', { hasText: /^Suspended: 3/ }).waitFor();
      assert.equal(await count(page, 'suspended'), 3);
      await page.click('#many-undo');
      await page.locator('#find-status', { hasText: /^Reinstated: 3/ }).waitFor();
      assert.equal(await count(page, 'valid'), 3);
      await page.locator('#found input.pick').first().check();
      await page.click('#many-suspend');
      await page.click('#many-form button[type="submit"]');
      await page.locator('#many-form .reason').waitFor();
      await page.fill('#many-reason', 'One alone');
      await page.click('#many-form button[type="submit"]');
      await page.locator('#find-status', { hasText: /^Suspended: 1/ }).waitFor();
      assert.equal(await changeMany(page, 'revoke', 'DSU rectified'),
        'Revoke 3 credentials, for good?');
      await page.locator('#find-status', { hasText: /^Revoked: 3/ }).waitFor();
      assert.equal(await count(page, 'invalid'), 3);
      assert.equal(await page.locator('#found input.pick').count(), 0);
      await visit(page, 'audit');
      await page.locator('#audit tbody tr').first().waitFor();
      const log = await page.locator('#audit tbody tr').allTextContents();
      assert.equal(log.slice(0, 3)
        .filter((row) => /revoked.*DSU rectified/.test(row)).length, 3);
    },

  'the desk: claims come from a source, and nobody writes others':
    async (page, world) => {
      await enter(page, world);
      await visit(page, 'issue');
      await page.selectOption('#issue-type', 'school-enrolment');
      await page.click('#issue-form button[type="submit"]');
      await page.locator('#issue-status', { hasText: /first/ }).waitFor();
      const lookUp = async (who) => {
        await page.fill('#issue-subject', who);
        await page.click('#issue-look-up');
      };
      await lookUp('nobody');
      const status = (text) =>
        page.locator('#issue-look-status', { hasText: text }).waitFor();
      await status(/no such thing/);
      await lookUp('S-bad');
      await status(/did not answer as it.*family_name is missing/);
      await lookUp('S-down');
      await status(/did not answer as it.*answers 503/);
      await lookUp('S-1');
      await page.waitForSelector('#issue-found-title');
      assert.match(await page.textContent('#issue-looked'), /Anna.*Bianchi.*125\.50/);
      const tries = await page.evaluate(async () => {
        const { mark } = await (await fetch('/desk/v1/session')).json();
        const post = async (path, body) => {
          const answer = await fetch(`/desk/v1/${path}`, { method: 'POST',
            headers: { 'Content-Type': 'application/json',
              'X-Broletto-Desk': mark }, body: JSON.stringify(body) });
          return [answer.status, await answer.json()];
        };
        const type = 'school-enrolment';
        const reference = 'S-1';
        const [, found] = await post('lookups', { type, reference });
        const { document, made, seal } = found;
        const offer = (changed) => post('offers',
          { type, reference, document, made, seal, ...changed });
        return [
          await offer({ document: document.replace('Anna', 'Eva') }),
          await offer({ reference: 'S-2' }),
          await offer({ made: made - 1 }),
          await post('offers', { type, reference, claims: found.claims }),
          await post('imports', { type, table: 'reference\nS-1\n' }),
        ].map(([status]) => status);
      });
      assert.deepEqual(tries, [409, 409, 409, 409, 409]);
      await page.click('#issue-form button[type="submit"]');
      await page.waitForSelector('#offer-title');
      const link = await page.getAttribute('#offer-link', 'href');
      await accept(link, await page.textContent('#offer-tx'));
      await state(page, 'issued');
      await find(page, 'S-1', 1);
      assert.equal(await count(page, 'valid'), 1);
    },
};

let looked = 0;

export const looks = {
  'desk-many': async (page, world) => {
    await enter(page, world);
    await visit(page, 'import');
    await inspect(page, world, 'desk-import');
    await choose(page, rows([['L-1', 'Anna', '18,250.50'], ['L-2', '', '9.000'],
      ['L-3', 'Carla', '30.000'], ['=L', 'Dario', '1']]));
    await page.waitForSelector('.faults');
    await inspect(page, world, 'desk-import-wrong');
    const mark = `look${++looked}`;
    await choose(page, three(mark));
    await page.waitForSelector('#import-go');
    await inspect(page, world, 'desk-import-right');
    const [, ...people] = await makeOffers(page);
    await inspect(page, world, 'desk-import-done');
    for (const [, link, tx] of people) {
      await accept(link, tx);
    }
    await find(page, mark, 3);
    await page.check('#many-all');
    await page.click('#many-revoke');
    await inspect(page, world, 'desk-many-revoke');
    await page.click('#many-form button[type="button"]');
    await changeMany(page, 'suspend', 'DSU da rettificare');
    await page.waitForSelector('#many-undo');
    await inspect(page, world, 'desk-many-suspended');
    await visit(page, 'issue');
    await page.selectOption('#issue-type', 'school-enrolment');
    await page.fill('#issue-subject', 'S-1');
    await page.click('#issue-look-up');
    await page.waitForSelector('#issue-found-title');
    await inspect(page, world, 'desk-source');
    await page.fill('#issue-subject', 'S-bad');
    await page.click('#issue-look-up');
    await page.locator('#issue-look-status .reason').waitFor();
    await inspect(page, world, 'desk-source-refused');
  },
};
