// Opening one's wallet, or making one: with a passkey or a passphrase.
// SPDX-License-Identifier: EUPL-1.2
import {
  enter, enterOptions, enterWithPasskey, getEntrance, registerOptions,
  registerWithPasskey,
} from './api.js';
import { $, el, said } from './dom.js';
import {
  canSuggest, deviceName, makePasskey, usePasskey, whyNoPasskeys,
} from './passkey.js';
import { problemNodes } from './problem-view.js';

const LENGTH_MIN = 8;
/* A challenge serves five minutes; what waits in a field is asked anew. */
const RENEW_MS = 4 * 60 * 1000;

let then = () => {};
let waiting = null; /* of the browser's suggestion */
let offered = false;

/* ---- one thing at a time ------------------------------------------------- */

function stopSuggesting() {
  clearTimeout(waiting?.timer);
  waiting?.abort.abort();
  waiting = null;
}

const BUTTONS = ['enter-go', 'enter-new', 'enter-passkey-go', 'fresh-go'];

async function during(status, work) {
  stopSuggesting();
  for (const id of BUTTONS) {
    $(id).disabled = true;
  }
  status.replaceChildren();
  let entered = false;
  try {
    const session = await work();
    entered = true;
    $('enter-passphrase').value = '';
    then(session);
  } catch (problem) {
    status.replaceChildren(...problemNodes(problem));
  } finally {
    for (const id of BUTTONS) {
      $(id).disabled = false;
    }
  }
  if (!entered) {
    suggest();
  }
}

/* ---- a passphrase -------------------------------------------------------- */

function missing(name, passphrase, fresh) {
  if (name === '' || passphrase === '') {
    return 'enter.missing';
  }
  return fresh && passphrase.length < LENGTH_MIN ? 'enter.short' : null;
}

function send(fresh) {
  const name = $('enter-name').value.trim();
  const passphrase = $('enter-passphrase').value;
  const lacks = missing(name, passphrase, fresh);
  if (lacks !== null) {
    $('enter-status').replaceChildren(said('p.reason', lacks));
    $(name === '' ? 'enter-name' : 'enter-passphrase').focus();
    return;
  }
  during($('enter-status'), () => enter(name, passphrase, fresh));
}

/* ---- a passkey ----------------------------------------------------------- */

function withPasskey() {
  during($('enter-status'), async () =>
    enterWithPasskey(await usePasskey(await enterOptions())));
}

/** Passkeys among what the browser suggests in the field for the name: it waits
 *  until the person picks one, or does something else. */
async function suggest() {
  if (!offered || $('view-enter').hidden || waiting !== null ||
      !(await canSuggest())) {
    return;
  }
  const mine = { abort: new AbortController(), timer: 0 };
  waiting = mine;
  try {
    const options = await enterOptions();
    mine.timer = setTimeout(() => {
      if (waiting === mine) {
        stopSuggesting();
        suggest();
      }
    }, RENEW_MS);
    const answer = await usePasskey(options,
      { conditional: true, signal: mine.abort.signal });
    during($('enter-status'), () => enterWithPasskey(answer));
  } catch {
    // What nobody asked for may fail in silence: the button is still there.
    if (waiting === mine) {
      stopSuggesting();
    }
  }
}

function makeNew() {
  const name = $('fresh-name').value.trim();
  if (name === '') {
    $('fresh-status').replaceChildren(said('p.reason', 'fresh.missing'));
    $('fresh-name').focus();
    return;
  }
  during($('fresh-status'), async () => {
    const credential = await makePasskey(await registerOptions(name));
    return registerWithPasskey(name, deviceName(), credential);
  });
}

/* ---- what this server and this browser can ------------------------------- */

function show(entrance) {
  const why = whyNoPasskeys(entrance);
  offered = why === null;
  $('enter-passkey').hidden = !offered;
  $('enter-or').hidden = !offered;
  $('fresh').hidden = !offered || !entrance.registration;
  $('enter-new').hidden = !entrance.registration;
  $('enter-no').hidden = offered;
  if (!offered) {
    $('enter-no').replaceChildren(said('span', why), ' ',
      why === 'passkey.no.elsewhere'
        ? el('a', { href: `${entrance.passkeys_at}/` }, entrance.passkeys_at)
        : '');
  }
}

/** The view is shown. */
export async function showEnter() {
  try {
    show(await getEntrance());
    await suggest();
  } catch {
    // The passphrase's form is there, and tells what is wrong.
  }
}

export function startEnter(found) {
  then = found;
  $('enter').addEventListener('submit', (e) => {
    e.preventDefault();
    send(false);
  });
  $('enter-new').addEventListener('click', () => send(true));
  $('enter-passkey-go').addEventListener('click', withPasskey);
  $('fresh-form').addEventListener('submit', (e) => {
    e.preventDefault();
    makeNew();
  });
}
