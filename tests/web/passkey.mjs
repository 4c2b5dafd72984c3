// What citizens do with passkeys: Chromium's own implementation of WebAuthn, with
// an authenticator in software that it is given over its debugging protocol.
// SPDX-License-Identifier: EUPL-1.2
import assert from 'node:assert/strict';
import { inspect, visit } from './looking.mjs';

const WORD = 'una frase di riserva lunga';
const OPTIONS = { protocol: 'ctap2', ctap2Version: 'ctap2_1',
  transport: 'internal', hasResidentKey: true, hasUserVerification: true,
  isUserVerified: true, automaticPresenceSimulation: true, hasPrf: true };
let people = 0;
const someone = () => `Bruna ${++people}`;

/** Nothing is suggested in fields from the next time on that the page is loaded:
 *  the device in software takes each suggestion at once. */
const suggestNothing = (page) => page.addInitScript(() => {
  window.PublicKeyCredential.isConditionalMediationAvailable = async () => false;
});

/** A device that verifies who uses it; the page's own, like a telephone's. */
async function device(page, more = {}, quiet = true) {
  if (quiet) {
    await suggestNothing(page);
  }
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable', { enableUI: false });
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: { ...OPTIONS, ...more } });
  const tell = (method, params = {}) =>
    cdp.send(`WebAuthn.${method}`, { authenticatorId, ...params });
  return {
    verifies: (isUserVerified) => tell('setUserVerified', { isUserVerified }),
    credentials: async () => (await tell('getCredentials')).credentials,
    forget: (credentialId) => tell('removeCredential', { credentialId }),
    leave: () => tell('removeVirtualAuthenticator'),
  };
}

async function makeNew(page, name) {
  await page.click('#fresh summary');
  await page.fill('#fresh-name', name);
  await page.click('#fresh-go');
}

const entered = (page) => page.waitForSelector('#view-cards:not([hidden])');

async function leave(page) {
  await visit(page, 'settings');
  await page.click('#logout');
  await page.waitForSelector('#view-enter:not([hidden])');
  await page.waitForSelector('body[data-ready]');
  await page.waitForSelector('#enter-passkey-go:visible');
}

async function add(page, name, prove) {
  await page.fill('#passkey-name', name);
  await page.click('#passkey-add-go');
  await prove();
  await page.locator('.way h3', { hasText: name }).waitFor();
}

const byPasskey = (page) => page.click('#confirm-passkey');
async function byWord(page, word = WORD) {
  await page.fill('#confirm-passphrase', word);
  await page.click('#confirm-go');
}

/** A recovery passphrase. */
async function setWord(page, prove) {
  await visit(page, 'settings');
  await page.fill('#rekey-new', WORD);
  await page.click('#rekey-go');
  await prove(page);
  await page.locator('#rekey-status .mark.ok').waitFor();
}

const ways = (page) => page.locator('#ways-list h3').allTextContents();

export const stories = {
  'passkey: a new wallet with nothing else, opened again': async (page, world) => {
    const d = await device(page);
    const name = someone();
    await makeNew(page, name);
    await entered(page);
    assert.equal(await page.textContent('#origin'), name);
    const [made] = await d.credentials();
    assert.equal(made.rpId, 'localhost');
    assert.equal(made.isResidentCredential, true);
    assert.equal(Buffer.from(made.userHandle, 'base64').length, 16);
    // Only one way in: told, with what to do.
    await page.waitForSelector('#hangs:visible');
    await leave(page);
    await page.click('#enter-passkey-go');
    await entered(page);
    assert.equal(await page.textContent('#origin'), name);
    assert.equal(await page.evaluate(() => document.cookie), '');
    const again = (await d.credentials())[0];
    assert.ok(again.signCount > made.signCount);
    assert.ok(world.url.startsWith('http://localhost:'));
  },

  'passkey: suggested in the field for the name, and taken': async (page) => {
    await device(page, {}, false);
    const name = someone();
    await makeNew(page, name);
    await entered(page);
    await visit(page, 'settings');
    // The device takes what is suggested: nobody clicks.
    const taken = page.waitForResponse((r) =>
      r.url().includes('/passkey/login?'));
    await page.click('#logout');
    assert.equal((await taken).status(), 200);
    await entered(page);
    assert.equal(await page.textContent('#origin'), name);
  },

  'passkey: a recovery passphrase, then the passphrase alone': async (page) => {
    const d = await device(page);
    const name = someone();
    await makeNew(page, name);
    await entered(page);
    await visit(page, 'settings');
    await page.locator('.way').getByText('only way in').waitFor();
    await setWord(page, byPasskey);
    assert.equal(await page.isVisible('#ways-one'), false);
    assert.equal((await ways(page)).length, 2);
    await leave(page);
    await d.forget((await d.credentials())[0].credentialId);
    await page.fill('#enter-name', name);
    await page.fill('#enter-passphrase', WORD);
    await page.click('#enter-go');
    await entered(page);
    // The lost passkey is taken away, with the passphrase.
    await visit(page, 'settings');
    await page.locator('.way[data-passkey] button').click();
    await byWord(page);
    await page.waitForFunction(() =>
      document.querySelectorAll('.way[data-passkey]').length === 0);
    assert.equal((await ways(page)).length, 1);
  },

  'passkey: added to a wallet with a passphrase; the passphrase removed':
    async (page) => {
      await device(page);
      const name = someone();
      await page.fill('#enter-name', name);
      await page.fill('#enter-passphrase', WORD);
      await page.click('#enter-new');
      await entered(page);
      await visit(page, 'settings');
      await page.fill('#passkey-name', 'Telefono');
      await page.click('#passkey-add-go');
      await byWord(page, 'not the word');
      await page.locator('#ways-status .reason').waitFor();
      await add(page, 'Telefono', () => byWord(page));
      // The same device again: it knows that it has one.
      await page.click('#passkey-add-go');
      await byWord(page);
      await page.locator('#ways-status .reason',
        { hasText: 'already has a passkey' }).waitFor();
      await page.locator('.way[data-passphrase] button').click();
      await byPasskey(page);
      await page.waitForFunction(() =>
        document.querySelector('.way[data-passphrase]') === null);
      await leave(page);
      await page.fill('#enter-name', name);
      await page.fill('#enter-passphrase', WORD);
      await page.click('#enter-go');
      await page.locator('#enter-status .reason').waitFor();
      await page.click('#enter-passkey-go');
      await entered(page);
    },

  'passkey: one on a second device; removed from the wallet, it opens no more':
    async (page) => {
      const first = await device(page);
      await makeNew(page, someone());
      await entered(page);
      await setWord(page, byPasskey);
      await first.leave();
      await device(page, { transport: 'usb' });
      await add(page, 'Key in the drawer', () => byWord(page));
      assert.equal((await ways(page)).length, 3);
      await leave(page);
      await page.click('#enter-passkey-go');
      await entered(page);
      await visit(page, 'settings');
      await page.locator('.way', { hasText: 'Key in the drawer' })
        .locator('button').click();
      await byPasskey(page);
      await page.waitForFunction(() =>
        document.querySelectorAll('.way[data-passkey]').length === 1);
      assert.doesNotMatch((await ways(page)).join(), /drawer/);
      await leave(page);
      await page.click('#enter-passkey-go');
      await page.locator('#enter-status .reason',
        { hasText: 'No wallet here' }).waitFor();
      assert.equal(await page.isVisible('#view-cards'), false);
    },

  'passkey: a device without PRF is refused, with the reason': async (page) => {
    const d = await device(page, { hasPrf: false });
    const name = someone();
    await makeNew(page, name);
    await page.locator('#fresh-status .reason', { hasText: 'PRF' }).waitFor();
    assert.equal(await page.isVisible('#view-enter'), true);
    await d.leave();
    await device(page);
    await page.click('#fresh-go'); // nothing was kept: the name is free
    await entered(page);
  },

  'passkey: a device that does not verify its user is refused':
    async (page) => {
      const d = await device(page);
      await makeNew(page, someone());
      await entered(page);
      await leave(page);
      await d.verifies(false);
      await page.click('#enter-passkey-go');
      await page.locator('#enter-status .reason').waitFor();
      assert.equal(await page.isVisible('#view-cards'), false);
    },

  'passkey: lost; a backup is restored into a new wallet': async (page) => {
    const d = await device(page);
    await makeNew(page, someone());
    await entered(page);
    await visit(page, 'settings');
    await page.fill('#backup-word', 'short');
    await page.click('#backup-go');
    await page.locator('#backup-status .reason').waitFor();
    await page.fill('#backup-word', WORD);
    await page.click('#backup-go');
    const [download] = await Promise.all([
      page.waitForEvent('download'), byPasskey(page)]);
    const file = await download.path();
    await leave(page);
    await d.leave();
    await device(page);
    await makeNew(page, someone());
    await entered(page);
    await visit(page, 'settings');
    await page.fill('#backup-word', 'another passphrase');
    await page.setInputFiles('#backup-file', file);
    await page.locator('#backup-status .reason',
      { hasText: 'does not open' }).waitFor();
    await page.fill('#backup-word', WORD);
    await page.setInputFiles('#backup-file', file);
    await page.locator('#backup-status .mark.ok').waitFor();
  },

  'passkey: erased with a passkey, and the name is free again': async (page) => {
    const d = await device(page);
    const name = someone();
    await makeNew(page, name);
    await entered(page);
    await visit(page, 'settings');
    await page.click('#erase button');
    await page.click('#confirm-cancel');
    await page.click('#erase button');
    await byPasskey(page);
    await page.waitForSelector('#view-enter:not([hidden])');
    await page.waitForSelector('body[data-ready]');
    await page.waitForSelector('#enter-passkey-go:visible');
    await page.click('#enter-passkey-go');
    await page.locator('#enter-status .reason',
      { hasText: 'No wallet here' }).waitFor();
    assert.equal((await d.credentials()).length, 1);
    await makeNew(page, name);
    await entered(page);
    await page.waitForSelector('#hangs:visible');
  },

  'passkey: at a number instead of a name, the page says where to go':
    async (page, world) => {
      const elsewhere = await page.context().newPage();
      await elsewhere.goto(world.url.replace('localhost', '127.0.0.1'));
      await elsewhere.waitForSelector('#enter-no:visible');
      assert.equal(await elsewhere.isVisible('#enter-passkey'), false);
      assert.equal(await elsewhere.getAttribute('#enter-no a', 'href'),
        `${world.url}/`);
    },
};

export const looks = {
  'passkey': async (page, world) => {
    await page.waitForSelector('#enter-passkey-go:visible');
    await page.click('#fresh summary');
    await inspect(page, world, 'passkey-enter');
    await page.click('#fresh summary');
    const d = await device(page, { hasPrf: false });
    await makeNew(page, someone());
    await page.locator('#fresh-status .reason').waitFor();
    await inspect(page, world, 'passkey-refused');
    await d.leave();
    const first = await device(page);
    await page.click('#fresh-go');
    await entered(page);
    await page.waitForSelector('#hangs:visible');
    await page.waitForSelector('#cards .button');
    await inspect(page, world, 'passkey-cards');
    await visit(page, 'settings');
    await inspect(page, world, 'passkey-settings-one');
    await page.fill('#rekey-new', WORD);
    await page.click('#rekey-go');
    await page.waitForSelector('#confirm[open]');
    await byPasskey(page);
    await page.locator('#rekey-status .mark.ok').waitFor();
    await device(page, { transport: 'usb' });
    await add(page, world.language === 'it' ? 'Chiave nel cassetto'
      : 'Key in the drawer', () => byWord(page));
    await inspect(page, world, 'passkey-settings');
    await page.click('#erase button');
    await inspect(page, world, 'passkey-confirm');
    await page.click('#confirm-cancel');
    await first.leave();
  },
};
