// What opens the wallet: passkeys and the passphrase; added, removed, never the
// last one.
// SPDX-License-Identifier: EUPL-1.2
import {
  addPasskey, addOptions, changePassphrase, dropPassphrase, getEntrance,
  getWays, removePasskey,
} from './api.js';
import { confirm } from './confirm-view.js';
import { $, el, said } from './dom.js';
import { say } from './i18n.js';
import { deviceName, makePasskey, whyNoPasskeys } from './passkey.js';
import { problemNodes } from './problem-view.js';

const LENGTH_MIN = 8;
const US = 1e6;

let ways = { passphrase: true, passkeys: [] };
let whyNot = 'passkey.no.browser';

const only = () => ways.passkeys.length + (ways.passphrase ? 1 : 0) < 2;

/** Is the wallet lost with one device? */
export const hangsByOne = () => !ways.passphrase && ways.passkeys.length === 1;

/** Something that must be proved first; `change` gets the proof. */
export async function prove(status, change) {
  const proof = await confirm(ways, whyNot === null);
  if (proof === null) {
    return;
  }
  status.replaceChildren();
  try {
    await change(proof);
  } catch (problem) {
    status.replaceChildren(...problemNodes(problem));
  }
}

function remover(run) {
  return only() ? said('p.help', 'ways.last')
    : said('button.button.outline', 'ways.remove', {},
      { type: 'button', onclick: run });
}

function row(passkey) {
  return el('li.way', { 'data-passkey': passkey.id },
    el('div', {}, el('h3', {}, passkey.name),
      said('p.detail', passkey.used ? 'ways.used' : 'ways.made', {
        made: { when: passkey.created * US }, used: { when: passkey.used * US } }),
      passkey.backed_up ? said('p.detail', 'ways.backed-up') : null),
    remover(() => prove($('ways-status'), async (proof) => {
      show(await removePasskey(passkey.id, proof));
    })));
}

function wordRow() {
  return el('li.way', { 'data-passphrase': 'yes' },
    el('div', {}, said('h3', 'ways.passphrase')),
    remover(() => prove($('ways-status'), async (proof) => {
      show(await dropPassphrase(proof));
    })));
}

function show(found) {
  ways = found;
  $('ways-list').replaceChildren(...ways.passkeys.map(row),
    ...(ways.passphrase ? [wordRow()] : []));
  $('ways-one').hidden = !hangsByOne();
  $('hangs').hidden = !hangsByOne();
  $('passkey-add').hidden = whyNot !== null;
  $('ways-no').hidden = whyNot === null;
  if (whyNot !== null) {
    say($('ways-no'), whyNot);
  }
  say($('rekey-title'), ways.passphrase ? 'rekey.title' : 'rekey.title.first');
  say($('rekey-go'), ways.passphrase ? 'rekey.go' : 'rekey.go.first');
}

/** When somebody has entered. */
export async function readWays() {
  try {
    const [entrance, found] = await Promise.all([getEntrance(), getWays()]);
    whyNot = whyNoPasskeys(entrance);
    show(found);
  } catch (problem) {
    $('ways-status').replaceChildren(...problemNodes(problem));
  }
}

function add() {
  const label = $('passkey-name').value.trim() || deviceName();
  prove($('ways-status'), async (proof) => {
    const credential = await makePasskey(await addOptions(proof));
    show(await addPasskey(label, credential));
    $('passkey-name').value = '';
    $('ways-status').replaceChildren(said('p.mark.ok', 'ways.added'));
  });
}

function rekey() {
  const fresh = $('rekey-new').value;
  if (fresh.length < LENGTH_MIN) {
    $('rekey-status').replaceChildren(said('p.reason', 'enter.short'));
    $('rekey-new').focus();
    return;
  }
  prove($('rekey-status'), async (proof) => {
    await changePassphrase(proof, fresh);
    $('rekey').reset();
    show({ ...ways, passphrase: true });
    $('rekey-status').replaceChildren(said('p.mark.ok', 'rekey.done'));
  });
}

export function startWays() {
  $('passkey-add').addEventListener('submit', (e) => {
    e.preventDefault();
    add();
  });
  $('rekey').addEventListener('submit', (e) => {
    e.preventDefault();
    rekey();
  });
}
