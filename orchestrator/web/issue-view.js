// Issuing: choose a type, fill the claims in, show the offer until a wallet has
// taken it.
// SPDX-License-Identifier: EUPL-1.2
import { getOffer, moveOffer, postOffer } from './api.js';
import { claimFields, readClaims } from './claim-form.js';
import { $, el, fact, said } from './dom.js';
import { say } from './i18n.js';
import { problemNodes } from './problem-view.js';
import { qrPicture, qrSave } from './qr-view.js';

const POLL_MS = 1500;
const OVER = ['issued', 'expired', 'locked', 'withdrawn', 'refused'];
let types = [];
let watched = null;

export function typeOptions(list, first = []) {
  return [...first, ...list.map((type) => said('option', 'value.text',
    { text: { local: type.display, or: type.id } }, { value: type.id }))];
}

const chosen = () => types.find((t) => t.id === $('issue-type').value);

function showType() {
  const type = chosen();
  say($('issue-about'), 'value.text',
    { text: { local: type.display, field: 'description' } });
  $('issue-claims').replaceChildren(claimFields(type));
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
  const { claims, wrong } = readClaims($('issue-claims'), type);
  if (wrong.length > 0) {
    $('issue-status').replaceChildren(
      said('p.reason', 'issue.wrong', { count: wrong.length }));
    wrong[0].focus();
    return;
  }
  $('issue-status').replaceChildren();
  try {
    const offer = await postOffer({ type: type.id, claims,
      reference: $('issue-reference').value.trim(),
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
