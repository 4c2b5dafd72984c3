// Issuing: choose a type, fill the claims in, show the offer until a wallet has
// taken it.
// SPDX-License-Identifier: EUPL-1.2
import { getOffer, moveOffer, postLookup, postOffer } from './api.js';
import { claimFields, nameOf, readClaims } from './claim-form.js';
import { $, el, fact, said } from './dom.js';
import { say } from './i18n.js';
import { problemNodes } from './problem-view.js';
import { qrPicture, qrSave } from './qr-view.js';

const POLL_MS = 1500;
const OVER = ['issued', 'expired', 'locked', 'withdrawn', 'refused'];
let types = [];
let watched = null;
let looked = null; // what a source said: {claims, document, made, seal, reference}

export function typeOptions(list, first = []) {
  return [...first, ...list.map((type) => said('option', 'value.text',
    { text: { local: type.display, or: type.id } }, { value: type.id }))];
}

const chosen = () => types.find((t) => t.id === $('issue-type').value);

function showType() {
  const type = chosen();
  say($('issue-about'), 'value.text',
    { text: { local: type.display, field: 'description' } });
  const asked = type.source !== 'desk';
  looked = null;
  $('issue-reference-field').hidden = asked;
  $('issue-claims').replaceChildren(
    ...(asked ? sourceNodes(type) : [claimFields(type)]));
}

/* ---- a type with a source ------------------------------------------------ */

const FORMS = {
  amount: (v) => said('span', 'value.text', { text: { amount: v } }),
  date: (v) => said('span', 'value.text', { text: { day: v } }),
  boolean: (v) => said('span', v ? 'answer.yes' : 'answer.no'),
  strings: (v) => el('span', {}, v.join(', ')),
};

function lookedFacts(type) {
  return el('dl.facts', { id: 'issue-looked' }, ...type.claims.flatMap((c) => {
    const value = c.path.reduce((at, step) => at?.[step], looked.claims);
    return value === undefined ? [] : [fact('claim.name',
      FORMS[c.type]?.(value) ?? el('span', {}, String(value)), nameOf(c))];
  }));
}

/** What the source said stands there as it came: whoever runs it needs it. */
const sourceProblem = (problem) => [...problemNodes(problem),
  problem.detail ? el('p.detail', { lang: 'en' }, problem.detail) : null]
  .filter((n) => n !== null);

async function lookUp(type) {
  const reference = $('issue-subject').value.trim();
  const status = $('issue-look-status');
  looked = null;
  $('issue-found').replaceChildren();
  $('issue-status').replaceChildren();
  status.replaceChildren();
  $('issue-subject').toggleAttribute('aria-invalid', reference === '');
  if (reference === '') {
    status.replaceChildren(said('p.reason', 'source.no-subject'));
    $('issue-subject').focus();
    return;
  }
  say($('issue-found').appendChild(el('p.wait')), 'source.asking');
  try {
    const answer = await postLookup(type.id, reference);
    if (chosen() !== type) {
      return;
    }
    looked = { ...answer, reference };
    $('issue-found').replaceChildren(
      said('h2', 'source.found', {}, { tabindex: '-1', id: 'issue-found-title' }),
      lookedFacts(type));
    $('issue-found-title').focus();
  } catch (problem) {
    $('issue-found').replaceChildren();
    status.replaceChildren(...sourceProblem(problem));
  }
}

function sourceNodes(type) {
  return [
    el('div.field', {},
      said('label.field-label', 'source.subject', {}, { for: 'issue-subject' }),
      el('input', { type: 'text', id: 'issue-subject', maxlength: 64,
        autocomplete: 'off', spellcheck: 'false',
        'aria-describedby': 'issue-subject-help', oninput: () => {
          looked = null; // of somebody else
          $('issue-found').replaceChildren();
          $('issue-look-status').replaceChildren();
        } }),
      said('p.help', 'source.help', {}, { id: 'issue-subject-help' })),
    el('div.actions', {}, said('button.button.outline', 'source.go', {},
      { type: 'button', id: 'issue-look-up', onclick: () => lookUp(type) })),
    el('div', { id: 'issue-look-status', role: 'alert' }),
    el('div', { id: 'issue-found', role: 'status' }),
  ];
}

/** {claims...} or {document...}; null, told, when it cannot be offered. */
function whatToOffer(type) {
  if (type.source !== 'desk') {
    if (looked === null) {
      $('issue-status').replaceChildren(said('p.reason', 'source.look-first'));
      $('issue-look-up').focus();
      return null;
    }
    const { document: text, made, seal, reference } = looked;
    return { document: text, made, seal, reference };
  }
  const { claims, wrong } = readClaims($('issue-claims'), type);
  if (wrong.length > 0) {
    $('issue-status').replaceChildren(
      said('p.reason', 'issue.wrong', { count: wrong.length }));
    wrong[0].focus();
    return null;
  }
  return { claims, reference: $('issue-reference').value.trim() };
}

export function useTypesToIssue(list) {
  types = list;
  $('issue-type').replaceChildren(...typeOptions(types));
  showType();
}

/* ---- the offer on the screen --------------------------------------------- */

function again() {
  watched = null;
  $('offer').hidden = true;
  $('offer').replaceChildren();
  $('issue-form').hidden = false;
  $('issue-form').reset();
  showType();
  $('issue-type').focus();
}

function buttons(offer) {
  const withdraw = said('button.button.outline', 'offer.withdraw', {},
    { type: 'button', id: 'offer-withdraw' });
  withdraw.addEventListener('click', async () => {
    try {
      showState(await moveOffer(offer.id, 'withdrawn'));
    } catch (problem) {
      $('offer-problem').replaceChildren(...problemNodes(problem));
    }
  });
  return el('div.actions', {},
    said('button.button', 'offer.another', {},
      { type: 'button', id: 'offer-another', onclick: again }), withdraw);
}

function offerNodes(offer, type) {
  const name = { text: { local: type.display, or: type.id } };
  return [
    el('div.card-head', {},
      said('h2', 'offer.title', name, { tabindex: '-1', id: 'offer-title' }),
      el('span.badge', { id: 'offer-state' })),
    el('div', { 'data-open': true }, said('p', 'offer.scan'),
      qrPicture(offer.qr, 'offer.qr'), qrSave(offer.qr, `offer-${offer.id}`)),
    el('p.wait', { id: 'offer-wait', role: 'status' }),
    el('dl.facts', {},
      ...(offer.tx_code === undefined ? [] : [el('div', { 'data-open': true },
        said('dt', 'offer.tx'), el('dd.secret', { id: 'offer-tx' },
          offer.tx_code))]),
      fact('offer.until', said('span', 'value.when',
        { when: { when: offer.expires * 1e6 } })),
      fact('offer.number', el('code', {}, offer.id))),
    el('details', { 'data-open': true }, said('summary', 'offer.link'),
      el('a.link', { href: offer.link, id: 'offer-link' }, offer.link)),
    el('div', { id: 'offer-problem', role: 'alert' }),
    buttons(offer),
  ];
}

function showState(offer) {
  const badge = $('offer-state');
  say(badge, `state.${offer.state}`);
  badge.className = `badge${offer.state === 'issued' ? ' done'
    : OVER.includes(offer.state) ? ' failed' : ''}`;
  const wait = $('offer-wait');
  wait.classList.toggle('over', OVER.includes(offer.state));
  say(wait, `offer.is.${offer.state}`);
  $('offer').dataset.state = offer.state;
  $('offer-withdraw').hidden = offer.state !== 'offered';
  if (OVER.includes(offer.state)) {
    for (const node of $('offer').querySelectorAll('[data-open]')) {
      node.hidden = true; // it serves nobody any more
    }
    watched = null;
  }
  if (offer.credential !== undefined && $('offer-credential') === null) {
    $('offer').querySelector('dl').append(fact('offer.credential', el('a',
      { href: `#credentials/${offer.credential}`, id: 'offer-credential' },
      offer.credential)));
  }
}

async function watch(id) {
  while (watched === id) {
    await new Promise((done) => setTimeout(done, POLL_MS));
    if (watched !== id) {
      return;
    }
    try {
      showState(await getOffer(id));
    } catch (problem) {
      if (problem.slug !== 'offline' && problem.slug !== 'busy') {
        watched = null;
        $('offer-problem').replaceChildren(...problemNodes(problem));
      }
    }
  }
}

async function send() {
  const type = chosen();
  const what = whatToOffer(type);
  if (what === null) {
    return;
  }
  $('issue-status').replaceChildren();
  try {
    const offer = await postOffer({ type: type.id, ...what,
      tx_code: $('issue-tx').checked,
      deferred: $('issue-deferred').checked });
    $('issue-form').hidden = true;
    $('offer').className = 'card open';
    $('offer').replaceChildren(...offerNodes(offer, type));
    $('offer').hidden = false;
    showState({ ...offer, state: 'offered' });
    $('offer-title').focus();
    watched = offer.id;
    watch(offer.id);
  } catch (problem) {
    $('issue-status').replaceChildren(...problemNodes(problem));
  }
}

export function startIssue() {
  $('issue-type').addEventListener('change', showType);
  $('issue-form').addEventListener('submit', (e) => {
    e.preventDefault();
    send();
  });
}
