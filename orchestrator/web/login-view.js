// Logging in: a name, a passphrase, and the code of an authenticator app.
// SPDX-License-Identifier: EUPL-1.2
import { logIn } from './api.js';
import { $ } from './dom.js';
import { problemNodes } from './problem-view.js';

const FIELDS = ['login-name', 'login-passphrase', 'login-code'];

async function send(then) {
  $('login-go').disabled = true;
  $('login-status').replaceChildren();
  try {
    const [name, passphrase, code] = FIELDS.map((id) => $(id).value.trim());
    const session = await logIn(name, passphrase, code);
    for (const id of FIELDS) {
      $(id).value = '';
    }
    await then(session);
  } catch (problem) {
    $('login-status').replaceChildren(...problemNodes(problem));
    $('login-code').value = '';
    $('login-code').focus();
  } finally {
    $('login-go').disabled = false;
  }
}

export function startLogin(then) {
  $('login').addEventListener('submit', (e) => {
    e.preventDefault();
    send(then);
  });
}
