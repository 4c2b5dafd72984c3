// Offers on which somebody waits: the desk looks, and decides.
// SPDX-License-Identifier: EUPL-1.2
import { decide, getWaiting } from './api.js';
import { $, el, fact, said } from './dom.js';
import { say } from './i18n.js';
import { typeOptions } from './issue-view.js';
import { problemNodes } from './problem-view.js';

let types = [];
let asked = 0;
let next = '';

export function useTypesToDecide(list) {
  types = list;
  $('waiting-type').replaceChildren(...typeOptions(list,
    [said('option', 'find.any', {}, { value: '' })]));
}

const when = (s) => said('time', 'value.when', { when: { when: s * 1e6 } },
  { datetime: new Date(s * 1000).toISOString() });

function named(offer) {
  const type = types.find((t) => t.id === offer.type);
  return { text: { local: type?.display, or: offer.type } };
}

/* ---- deciding ------------------------------------------------------------ */

async function send(card, offer, decision, reason, status) {
  try {
    await decide(offer.id, decision, reason);
    const other = card.nextElementSibling ?? card.previousElementSibling;
    card.remove();
    say($('waiting-status'), `waiting.${decision}`);
    (other?.querySelector('button') ?? $('waiting-text')).focus();
  } catch (problem) {
    status.replaceChildren(...problemNodes(problem));
  }
}

function refusal(card, offer) {
  const id = `why-${offer.id}`;
  const status = el('div', { role: 'alert' });
  const reason = el('input', { type: 'text', id, maxlength: 200,
    autocomplete: 'off', 'aria-describedby': `${id}-help` });
  const form = el('form.moves', { novalidate: true },
    el('div.field', {},
      said('label.field-label', 'waiting.reason', {}, { for: id }), reason,
      said('p.help', 'waiting.reason.help', {}, { id: `${id}-help` })),
    status,
    el('div.actions', {},
      said('button.button.danger', 'waiting.refuse', {}, { type: 'submit' }),
      said('button.button.outline', 'move.cancel', {}, { type: 'button',
        onclick: () => form.replaceWith(choices(card, offer)) })));
  form.addEventListener('submit', (e) => {
    e.preventDefault();
    if (reason.value.trim() === '') {
      reason.setAttribute('aria-invalid', 'true');
      status.replaceChildren(said('p.reason', 'move.no-reason'));
      reason.focus();
      return;
    }
    send(card, offer, 'refused', reason.value.trim(), status);
  });
  return form;
}

function choices(card, offer) {
  const status = el('div', { role: 'alert' });
  const row = el('div.actions', {},
    said('button.button', 'waiting.approve', {}, { type: 'button',
      'data-decide': 'approved',
      onclick: () => send(card, offer, 'approved', '', status) }),
    said('button.button.outline', 'waiting.refuse', {}, { type: 'button',
      'data-decide': 'refused', onclick: () => {
        const form = refusal(card, offer);
        both.replaceWith(form);
        form.querySelector('input').focus();
      } }));
  const both = el('div', {}, status, row);
  return both;
}

function item(offer) {
  const card = el('li.card', { 'data-id': offer.id },
    el('div.card-head', {}, said('h2', 'value.text', named(offer)),
      said('span.badge.warn', 'state.waiting')),
    el('dl.facts', {},
      ...(offer.reference === '' ? []
        : [fact('credential.reference', offer.reference)]),
      fact('offer.number', el('code', {}, offer.id)),
      fact('waiting.made', when(offer.created))));
  card.append(choices(card, offer));
  return card;
}

/* ---- the list ------------------------------------------------------------ */

async function load(after) {
  const mine = ++asked;
  try {
    const page = await getWaiting($('waiting-text').value.trim(),
      $('waiting-type').value, after);
    if (mine !== asked) {
      return;
    }
    next = page.next;
    $('waiting-list').replaceChildren(...page.waiting.map(item));
    $('waiting-more').hidden = next === '';
    say($('waiting-status'),
      page.total === 0 ? 'waiting.none' : 'waiting.count',
      { count: page.total });
  } catch (problem) {
    $('waiting-list').replaceChildren();
    $('waiting-more').hidden = true;
    $('waiting-status').replaceChildren(...problemNodes(problem));
  }
}

export const showWaiting = () => load('');

export function startWaiting() {
  $('waiting-find').addEventListener('submit', (e) => {
    e.preventDefault();
    load('');
  });
  $('waiting-more').addEventListener('click', () => {
    load(next);
    document.querySelector('#view-waiting h1').focus();
  });
}
