// What was issued: looking it up, and changing its state with a reason.
// SPDX-License-Identifier: EUPL-1.2
import { findCredentials, moveCredential } from './api.js';
import { $, el, fact, said } from './dom.js';
import { say } from './i18n.js';
import { typeOptions } from './issue-view.js';
import { pickBox, showMany, startMany } from './many-view.js';
import { problemNodes } from './problem-view.js';

const STATES = ['valid', 'suspended', 'invalid'];
const MOVES = { valid: ['suspend', 'revoke'], suspended: ['reinstate', 'revoke'],
  invalid: [] };
const BADGES = { valid: 'valid', suspended: 'warn', invalid: 'failed' };
let types = [];
let asked = 0;

export function useTypesToFind(list) {
  types = list;
  $('find-type').replaceChildren(...typeOptions(list,
    [said('option', 'find.any', {}, { value: '' })]));
}

const when = (s) => said('time', 'value.when', { when: { when: s * 1e6 } },
  { datetime: new Date(s * 1000).toISOString() });

/* ---- a change, with its reason ------------------------------------------- */

function moveForm(credential, move, card) {
  const id = `reason-${credential.id}`;
  const status = el('div', { role: 'alert' });
  const reason = el('input', { type: 'text', id, maxlength: 200,
    autocomplete: 'off', 'aria-describedby': `${id}-help` });
  const form = el('form.moves', { novalidate: true },
    el('div.field', {},
      said('label.field-label', `move.${move}.reason`, {}, { for: id }), reason,
      said('p.help', `move.${move}.help`, {}, { id: `${id}-help` })),
    status,
    el('div.actions', {},
      said(`button.button${move === 'revoke' ? '.danger' : ''}`,
        `move.${move}.go`, {}, { type: 'submit' }),
      said('button.button.outline', 'move.cancel', {}, { type: 'button',
        onclick: () => renew(card, credential) })));
  form.addEventListener('submit', async (e) => {
    e.preventDefault();
    if (reason.value.trim() === '') {
      reason.setAttribute('aria-invalid', 'true');
      status.replaceChildren(said('p.reason', 'move.no-reason'));
      reason.focus();
      return;
    }
    try {
      renew(card, await moveCredential(credential.id, move,
        reason.value.trim()));
      say($('find-status'), `move.${move}.done`);
    } catch (problem) {
      status.replaceChildren(...problemNodes(problem));
    }
  });
  return form;
}

/* ---- the list ------------------------------------------------------------ */

function moves(credential, card) {
  const row = el('div.actions', {});
  for (const move of MOVES[credential.status] ?? []) {
    row.append(said('button.button.outline', `move.${move}`, {},
      { type: 'button', 'data-move': move, onclick: () => {
        row.replaceWith(moveForm(credential, move, card));
        card.querySelector('.moves input').focus();
      } }));
  }
  return row;
}

function fill(card, credential) {
  const type = types.find((t) => t.id === credential.type);
  const late = credential.expires * 1000 < Date.now();
  card.dataset.id = credential.id;
  card.dataset.status = credential.status;
  card.replaceChildren(
    el('div.card-head', {}, pickBox(credential),
      said('h2', 'value.text',
        { text: { local: type?.display, or: credential.type } }),
      said(`span.badge.${BADGES[credential.status] ?? 'warn'}`,
        `status.${credential.status}`)),
    el('dl.facts', {},
      ...(credential.reference === '' ? []
        : [fact('credential.reference', credential.reference)]),
      fact('credential.number', el('code', {}, credential.id)),
      fact('credential.issued', when(credential.issued)),
      fact(late ? 'credential.expired' : 'credential.expires',
        when(credential.expires)),
      ...(credential.reason === '' ? [] : [
        fact('credential.reason', credential.reason),
        fact('credential.changed', when(credential.changed))])),
    moves(credential, card));
  return card;
}

function renew(card, credential) {
  fill(card, credential);
  showMany();
  card.querySelector('h2').setAttribute('tabindex', '-1');
  card.querySelector('h2').focus();
}

async function find() {
  const mine = ++asked;
  try {
    const found = await findCredentials($('find-text').value.trim(),
      $('find-type').value, $('find-state').value);
    if (mine !== asked) {
      return;
    }
    $('found').replaceChildren(...found.map((c) =>
      fill(el('li.card', {}), c)));
    showMany();
    say($('find-status'), found.length === 0 ? 'find.none' : 'find.count',
      { count: found.length });
  } catch (problem) {
    $('found').replaceChildren();
    showMany();
    $('find-status').replaceChildren(...problemNodes(problem));
  }
}

export function showCredentials(rest) {
  if (rest.length > 0) {
    $('find-text').value = rest[0];
    $('find-type').value = '';
    $('find-state').value = '';
  }
  find();
}

function renewAll(credentials) {
  for (const credential of credentials) {
    const card = $('found').querySelector(`[data-id="${credential.id}"]`);
    if (card !== null) {
      fill(card, credential);
    }
  }
}

export function startCredentials() {
  startMany(renewAll);
  $('find-state').replaceChildren(
    said('option', 'find.any', {}, { value: '' }),
    ...STATES.map((s) => said('option', `status.${s}`, {}, { value: s })));
  $('find').addEventListener('submit', (e) => {
    e.preventDefault();
    find();
  });
}
