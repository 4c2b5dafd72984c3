// "Is it still you?": before something changes that opens the wallet, or ends
// it. By the passphrase, or by a passkey.
// SPDX-License-Identifier: EUPL-1.2
import { confirmOptions } from './api.js';
import { $, said } from './dom.js';
import { usePasskey } from './passkey.js';
import { problemNodes } from './problem-view.js';

let settle = null;

function close(proof) {
  const done = settle;
  settle = null;
  $('confirm-passphrase').value = '';
  $('confirm').close();
  done?.(proof);
}

/** A proof for the request's body, {passphrase} or {credential}; null: the
 *  person thinks better of it. ways: what opens the wallet. */
export function confirm(ways, passkeysHere) {
  const byPasskey = passkeysHere && ways.passkeys.length > 0;
  $('confirm-word').hidden = !ways.passphrase;
  $('confirm-passkey').hidden = !byPasskey;
  $('confirm-go').hidden = !ways.passphrase;
  $('confirm-status').replaceChildren(...(ways.passphrase || byPasskey ? []
    : [said('p.reason', 'confirm.cannot')]));
  $('confirm').showModal();
  (ways.passphrase ? $('confirm-passphrase') : $('confirm-passkey')).focus();
  return new Promise((resolve) => {
    settle = resolve;
  });
}

async function withPasskey() {
  $('confirm-status').replaceChildren();
  try {
    close({ credential: await usePasskey(await confirmOptions()) });
  } catch (problem) {
    $('confirm-status').replaceChildren(...problemNodes(problem));
  }
}

export function startConfirm() {
  $('confirm-form').addEventListener('submit', (e) => {
    e.preventDefault();
    const passphrase = $('confirm-passphrase').value;
    if (passphrase === '') {
      $('confirm-status').replaceChildren(said('p.reason', 'confirm.missing'));
      $('confirm-passphrase').focus();
      return;
    }
    close({ passphrase });
  });
  $('confirm-passkey').addEventListener('click', withPasskey);
  $('confirm-cancel').addEventListener('click', () => close(null));
  $('confirm').addEventListener('cancel', (e) => { // the key Escape
    e.preventDefault();
    close(null);
  });
}
