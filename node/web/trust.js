// The trust policy in use: the node's own, or one that the reader pasted.
// SPDX-License-Identifier: EUPL-1.2
import { $ } from './dom.js';
import { say, sayPlain } from './i18n.js';
import { parsePolicy } from './policy.js';

let nodeText = null;
let policy = null;
const listeners = [];

/** The parsed policy; null when there is none that can be used. */
export function trustedPolicy() {
  return policy;
}

export function onTrustChange(listener) {
  listeners.push(listener);
}

function showStatus(text, error) {
  const status = $('policy-status');
  $('policy').setAttribute('aria-invalid', String(error !== null));
  if (error !== null) {
    say(status, 'trust.bad', { detail: error.message });
  } else {
    say(status, text === nodeText ? 'trust.node' : 'trust.own');
  }
  const origin = policy?.logs[0]?.name ?? '';
  sayPlain($('origin'), text === nodeText ? origin : $('origin').textContent);
}

function use(text) {
  let error = null;
  try {
    policy = parsePolicy(text);
  } catch (e) {
    policy = null;
    error = e;
  }
  showStatus(text, error);
  listeners.forEach((listener) => listener());
}

/** The node's policy as text; null when it could not be had. */
export function loadTrust(text) {
  nodeText = text;
  $('policy-reset').disabled = text === null;
  if (text === null) {
    say($('policy-status'), 'trust.none');
    return;
  }
  $('policy').value = text;
  use(text);
}

export function startTrust() {
  $('policy').addEventListener('input', () => use($('policy').value));
  $('policy-reset').addEventListener('click', () => {
    $('policy').value = nodeText;
    use(nodeText);
  });
}
