// Logging in: a name, a passphrase, and the code of an authenticator app; or at
// a provider, which sends the browser back with #login/OUTCOME.
// SPDX-License-Identifier: EUPL-1.2
import { beginAtProvider, getWays, logIn } from './api.js';
import { $, said } from './dom.js';
import { say, sayPlain } from './i18n.js';
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

const OUTCOMES = ['unlisted', 'late', 'away', 'refused'];

/** What came of the provider's answer, if the address says so. */
export function showLogin(outcome) {
  if (OUTCOMES.includes(outcome)) {
    $('provider-status').replaceChildren(
      said('p.reason', `login.${outcome}`),
      said('p', `login.${outcome}.remedy`));
  }
}

/** The ways that there are. */
export async function offerWays() {
  const ways = await getWays();
  sayPlain($('origin'), ways.body);
  $('login').hidden = !ways.local;
  $('provider').hidden = ways.provider === undefined;
  if (ways.provider !== undefined) {
    say($('provider-go'), 'login.provider.go', { name: ways.provider });
  }
  $('login-or').hidden = !ways.local || ways.provider === undefined;
}

async function leave() {
  $('provider-go').disabled = true;
  $('provider-status').replaceChildren();
  try {
    location.assign(await beginAtProvider());
  } catch (problem) {
    $('provider-status').replaceChildren(...problemNodes(problem));
    $('provider-go').disabled = false;
  }
}

export function startLogin(then) {
  $('provider-go').addEventListener('click', leave);
  $('login').addEventListener('submit', (e) => {
    e.preventDefault();
    send(then);
  });
}
