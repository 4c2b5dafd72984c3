// Closing the wallet, another passphrase, the end.
// SPDX-License-Identifier: EUPL-1.2
import { changePassphrase, eraseWallet, logOut } from './api.js';
import { $, said } from './dom.js';
import { problemNodes } from './problem-view.js';

const LENGTH_MIN = 8;

async function rekey() {
  const fresh = $('rekey-new').value;
  if (fresh.length < LENGTH_MIN) {
    $('rekey-status').replaceChildren(said('p.reason', 'enter.short'));
    $('rekey-new').focus();
    return;
  }
  try {
    await changePassphrase($('rekey-old').value, fresh);
    $('rekey').reset();
    $('rekey-status').replaceChildren(said('p.mark.ok', 'rekey.done'));
  } catch (problem) {
    $('rekey-status').replaceChildren(...problemNodes(problem));
  }
}

async function erase() {
  try {
    await eraseWallet($('erase-passphrase').value);
    location.replace('/');
  } catch (problem) {
    $('erase-status').replaceChildren(...problemNodes(problem));
  }
}

function on(form, run) {
  $(form).addEventListener('submit', (e) => {
    e.preventDefault();
    run();
  });
}

export function startSettings() {
  on('rekey', rekey);
  on('erase', erase);
  $('logout').addEventListener('click', async () => {
    try {
      await logOut();
    } finally {
      location.replace('/'); // nothing of a session stays in the page
    }
  });
}
