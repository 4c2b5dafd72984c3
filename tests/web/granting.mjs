// The issuer's page on which a person agrees that a wallet takes what is offered:
// a wallet pushes its request, a browser comes, and goes back.
// SPDX-License-Identifier: EUPL-1.2
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { push, redeem } from './holder.mjs';
import { inspect } from './looking.mjs';

const CLIENT = 'https://wallet.example';
const CLAIMS = { given_name: 'Anna', family_name: 'Bianchi',
  birthdate: '1988-04-12', tax_id_code: 'BNCNNA88D52F205X',
  isee_amount: 18250.5, household_size: 3, valid_until: '2027-12-31' };

function offered(world, ...more) {
  const path = join(world.body.folder, 'granted.json');
  writeFileSync(path, JSON.stringify(CLAIMS));
  return JSON.parse(world.body.cli('issuer', 'offer', '--type', 'isee',
    '--claims', path, '--authorization-code', '--data', world.body.data,
    '--json', ...more));
}

const wrongFor = (tx) => (tx === '000000' ? '111111' : '000000');

/** Somebody's wallet on this machine, to which the browser goes back. */
async function withWallet(page, story) {
  const server = createServer((_, answer) => answer.end('<p>the wallet</p>'));
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const redirect = `http://127.0.0.1:${server.address().port}/back?x=1`;
  try {
    await story(redirect);
    page.troubles = page.troubles.filter((t) => !t.includes(redirect));
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

async function back(page, redirect) {
  await page.waitForURL((url) => url.href.startsWith(`${redirect}&`));
  return new URL(page.url()).searchParams;
}

/** A phone whose browser runs no scripts. */
async function onPhone(page, story) {
  const context = await page.context().browser().newContext({ locale: 'it',
    javaScriptEnabled: false, viewport: { width: 360, height: 740 } });
  context.setDefaultTimeout(10000);
  try {
    await story(await context.newPage());
  } finally {
    await context.close();
  }
}

const focused = (page) => page.evaluate(() => document.activeElement.id);

async function tooWide(page) {
  const main = await page.locator('main').boundingBox();
  return main.x + main.width > page.viewportSize().width;
}

export const stories = {
  'the issuer’s page: agreed to, with a transaction code, back with a code':
    async (page, world) => withWallet(page, async (redirect) => {
      const made = offered(world, '--tx-code');
      const asked = await push(made.offer, CLIENT, redirect);
      const first = await page.goto(asked.url);
      const policy = first.headers()['content-security-policy'];
      assert.match(policy, /^default-src 'none'; .*form-action 'self' http:;/);
      assert.doesNotMatch(policy, /unsafe|script|data:|\*/);
      assert.equal(first.headers()['referrer-policy'], 'no-referrer');
      const told = await page.textContent('main');
      for (const part of ['ISEE certificate', 'Comune di Prova', CLIENT,
        'Family name', 'a program on this device']) {
        assert.ok(told.includes(part), part);
      }
      assert.doesNotMatch(told, /Bianchi|18.?250/);
      await page.getByLabel('Transaction code')
        .fill(`${made.tx_code.slice(0, 3)} ${made.tx_code.slice(3)}`);
      await page.keyboard.press('Enter'); // agrees, as the button does
      const came = await back(page, redirect);
      assert.deepEqual([came.get('state'), came.get('iss'), came.get('error')],
        ['st&te', asked.issuer, null]);
      const token = await redeem(asked, came.get('code'));
      assert.ok(token.access_token.length > 20);
      await page.goto(asked.url); // it serves once
      await page.waitForSelector('body[data-phase="over"]');
    }),

  'the issuer’s page: not agreed to, back with access_denied':
    async (page, world) => withWallet(page, async (redirect) => {
      const made = offered(world, '--tx-code');
      const { url } = await push(made.offer, CLIENT, redirect);
      await page.goto(url);
      await page.click('button:text("Do not agree")');
      const came = await back(page, redirect);
      assert.deepEqual([came.get('error'), came.get('code')],
        ['access_denied', null]);
      await page.goto(url);
      await page.waitForSelector('body[data-phase="over"]');
    }),

  'the issuer’s page: wrong codes are counted, the fifth ends the offer':
    async (page, world) => withWallet(page, async (redirect) => {
      const made = offered(world, '--tx-code');
      const { url } = await push(made.offer, CLIENT, redirect);
      await page.goto(url);
      const agree = () => page.click('button[value="yes"]');
      await agree(); // empty: the browser asks for it
      assert.equal(await focused(page), 'tx');
      assert.equal(await page.locator('#tx-wrong').count(), 0);
      await page.fill('#tx', '   '); // the browser lets it through, we do not
      await agree();
      await page.locator('#tx-wrong', { hasText: 'Write the' }).waitFor();
      for (const left of [4, 3, 2, 1]) {
        await page.fill('#tx', wrongFor(made.tx_code));
        await agree();
        await page.locator('#tx-wrong', { hasText: `ends: ${left}.` }).waitFor();
        assert.equal(await focused(page), 'tx');
        assert.equal(await page.getAttribute('#tx', 'aria-invalid'), 'true');
        assert.match(await page.getAttribute('#tx', 'aria-describedby'),
          /^tx-wrong /);
        assert.match(await page.title(), /^Error: /);
      }
      await page.fill('#tx', wrongFor(made.tx_code));
      await agree();
      await page.waitForSelector('body[data-phase="locked"]');
      await page.click('main a.button');
      assert.equal((await back(page, redirect)).get('error'), 'access_denied');
    }),

  'the issuer’s page: on a phone without scripts, in the language that is chosen':
    async (page, world) => withWallet(page, async (redirect) => {
      const made = offered(world, '--tx-code');
      const asked = await push(made.offer, CLIENT, redirect);
      await onPhone(page, async (phone) => {
        await phone.goto(asked.url);
        await phone.locator('h1', { hasText: 'Ricevere' }).waitFor();
        assert.equal(await tooWide(phone), false);
        await phone.click('.languages a[lang="en"]');
        await phone.locator('h1', { hasText: 'Receive' }).waitFor();
        await phone.fill('#tx', wrongFor(made.tx_code));
        await phone.click('button[value="yes"]');
        await phone.locator('#tx-wrong', { hasText: 'ends: 4.' }).waitFor();
        await phone.click('.languages a[lang="it"]');
        await phone.locator('h1', { hasText: 'Ricevere' }).waitFor();
        await phone.fill('#tx', made.tx_code);
        await phone.click('button:text-is("Accetto")');
        const came = await back(phone, redirect);
        assert.ok((await redeem(asked, came.get('code'))).access_token);
      });
    }),

  'the issuer’s page: a wallet’s names are text, its place is its host':
    async (page, world) => {
      const client = '"><img src=x onerror=alert(1)>&<b>';
      const { url } = await push(offered(world).offer, client,
        'https://comune.example@evil.example:8443/back');
      await page.goto(url);
      const facts = await page.locator('.facts dd').allTextContents();
      assert.deepEqual(facts.slice(-2), [client, 'evil.example:8443']);
      assert.equal(await page.locator('main img, main b').count(), 0);
      const app = await push(offered(world).offer, CLIENT,
        'org.example.wallet:/back');
      const { headers } = await page.goto(app.url)
        .then((r) => ({ headers: r.headers() }));
      assert.match(headers['content-security-policy'],
        /form-action 'self' org\.example\.wallet:;/);
      assert.equal(await page.locator('.facts dd').last().textContent(),
        'an app on this device (org.example.wallet)');
      assert.equal(await page.locator('#tx').count(), 0);
    },
};

export const looks = {
  'the issuer’s page': async (page, world) => {
    const made = offered(world, '--tx-code');
    const redirect = 'https://wallet.example/back';
    const { url } = await push(made.offer, CLIENT, redirect);
    await page.goto(url);
    await inspect(page, world, 'grant-asked');
    const attempt = async () => {
      await page.fill('#tx', wrongFor(made.tx_code));
      await Promise.all([page.waitForNavigation(),
        page.click('button[value="yes"]')]);
    };
    await attempt();
    await inspect(page, world, 'grant-wrong');
    for (let i = 0; i < 4; i++) {
      await attempt();
    }
    await page.waitForSelector('body[data-phase="locked"]');
    await inspect(page, world, 'grant-locked');
    await page.goto(url);
    await page.waitForSelector('body[data-phase="over"]');
    await inspect(page, world, 'grant-over');
    await page.goto((await push(offered(world).offer, CLIENT, redirect)).url);
    await inspect(page, world, 'grant-plain');
  },
};
