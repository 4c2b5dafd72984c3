// Opening one's wallet, or making one.
// SPDX-License-Identifier: EUPL-1.2
import { enter } from './api.js';
import { $, said } from './dom.js';
import { problemNodes } from './problem-view.js';

const LENGTH_MIN = 8;

function missing(name, passphrase, fresh) {
  if (name === '' || passphrase === '') {
    return 'enter.missing';
  }
  return fresh && passphrase.length < LENGTH_MIN ? 'enter.short' : null;
}

async function send(then, fresh) {
  const name = $('enter-name').value.trim();
  const passphrase = $('enter-passphrase').value;
  const lacks = missing(name, passphrase, fresh);
  if (lacks !== null) {
    $('enter-status').replaceChildren(said('p.reason', lacks));
    $(name === '' ? 'enter-name' : 'enter-passphrase').focus();
    return;
  }
  $('enter-go').disabled = true;
  $('enter-new').disabled = true;
  $('enter-status').replaceChildren();
  try {
    const session = await enter(name, passphrase, fresh);
    $('enter-passphrase').value = '';
    then(session);
  } catch (problem) {
    $('enter-status').replaceChildren(...problemNodes(problem));
  } finally {
    $('enter-go').disabled = false;
    $('enter-new').disabled = false;
  }
}

export function startEnter(then) {
  $('enter').addEventListener('submit', (e) => {
    e.preventDefault();
    send(then, false);
  });
  $('enter-new').addEventListener('click', () => send(then, true));
}
