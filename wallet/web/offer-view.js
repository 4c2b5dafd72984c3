// An offer: who issues, what it would say, the transaction code; accept or not.
// SPDX-License-Identifier: EUPL-1.2
import {
  acceptOffer, authorizeOffer, comeBack, declineOffer, getCredential,
} from './api.js';
import { claimList } from './cards-view.js';
import { $, el, fact, said } from './dom.js';
import { problemNodes } from './problem-view.js';
import { standingNode } from './standing-view.js';

const FOLD_MIN = 6;

/** Claims that lie together under one name, as the steps of a ladder do. */
function folded(claims) {
  const groups = new Map();
  for (const claim of claims) {
    const key = claim.path.length > 1 ? claim.path.slice(0, -1).join('/')
      : claim.path[0];
    groups.set(key, [...(groups.get(key) ?? []), claim]);
  }
  return [...groups.values()];
}

const nameOf = (c) => c.label || c.path.join(' ');
const line = (c) => el('li', {}, nameOf(c));

function group(claims) {
  if (claims.length < FOLD_MIN) {
    return claims.map(line);
  }
  return [el('li', {}, el('details', {},
    said('summary', 'offer.many', { text: nameOf(claims[0]),
      count: claims.length - 1 }),
    el('ul', {}, ...claims.map(line))))];
}

function promised(credential) {
  return el('section.shown', {},
    el('h3', {}, credential.name),
    standingNode(credential.accreditation),
    said('p.help', 'offer.claims'),
    el('ul', {}, ...folded(credential.claims).flatMap(group)));
}

function codeField(tx) {
  if (tx === null) {
    return null;
  }
  return el('div.field', {},
    said('label.field-label', 'offer.tx', {}, { for: 'offer-tx' }),
    el('input', { type: 'text', id: 'offer-tx', autocomplete: 'one-time-code',
      inputmode: tx.numeric ? 'numeric' : 'text',
      maxlength: tx.length > 0 ? tx.length : 64,
      'aria-describedby': 'offer-tx-help' }),
    tx.description ? el('p.help', { id: 'offer-tx-help' }, tx.description)
      : said('p.help', 'offer.tx.help', {}, { id: 'offer-tx-help' }));
}

/* ---- afterwards ---------------------------------------------------------- */

async function received(accepted) {
  if (accepted.deferred) {
    return said('p', 'offer.deferred');
  }
  const credential = await getCredential(accepted.id);
  const few = (credential.claims ?? []).filter((l) =>
    typeof l.value !== 'boolean');
  return el('section.shown', {},
    el('h3', {}, el('a', { href: `#cards/${credential.id}` }, credential.name)),
    claimList(few));
}

async function finish(result, again) {
  const parts = await Promise.all(result.credentials.map(received));
  $('offer').className = 'card';
  $('offer').replaceChildren(
    el('div.verdict.ok', {},
      el('span.sign', { 'aria-hidden': 'true' }, '✓'),
      said('h2', 'offer.done', {}, { tabindex: '-1', id: 'offer-title' })),
    ...parts,
    el('div.actions', {},
      said('a.button', 'offer.to-cards', {}, { href: '#cards' }),
      said('button.button.outline', 'scan.another', {},
        { type: 'button', onclick: again })));
  $('offer').dataset.state = 'accepted';
  $('offer-title').focus();
}

/* ---- before -------------------------------------------------------------- */

async function accept(offer, again) {
  const code = $('offer-tx')?.value.trim() ?? '';
  if (offer.tx_code !== null && code === '') {
    $('offer-status').replaceChildren(said('p.reason', 'offer.no-tx'));
    $('offer-tx').focus();
    return;
  }
  $('offer-accept').disabled = true;
  $('offer-status').replaceChildren(said('p.wait', 'offer.receiving'));
  try {
    await finish(await acceptOffer(offer.id, code), again);
  } catch (problem) {
    $('offer-status').replaceChildren(...problemNodes(problem));
    $('offer-accept').disabled = false;
  }
}

/** To the page of who issues; from there the browser comes back to /back. */
async function goThere(offer) {
  $('offer-page').disabled = true;
  $('offer-status').replaceChildren(said('p.wait', 'offer.going'));
  try {
    const url = await authorizeOffer(offer.id);
    if (/^https?:\/\//.test(url)) {
      location.assign(url);
    }
  } catch (problem) {
    $('offer-status').replaceChildren(...problemNodes(problem));
    $('offer-page').disabled = false;
  }
}

/** The browser came back with this address. */
export async function showBack(url, again) {
  $('offer').className = 'card';
  $('offer').dataset.state = 'back';
  $('offer').replaceChildren(
    said('h2', 'offer.back', {}, { tabindex: '-1', id: 'offer-title' }),
    el('div', { id: 'offer-status', role: 'alert' },
      said('p.wait', 'offer.receiving')));
  $('offer-title').focus();
  try {
    await finish(await comeBack(url), again);
  } catch (problem) {
    $('offer').dataset.state = 'failed';
    $('offer-status').replaceChildren(...problemNodes(problem),
      el('div.actions', {}, said('button.button.outline', 'scan.another', {},
        { type: 'button', onclick: again })));
  }
}

async function decline(offer, again) {
  try {
    await declineOffer(offer.id);
    again();
  } catch (problem) {
    $('offer-status').replaceChildren(...problemNodes(problem));
  }
}

/** Of something that is in doubt, accepting is said to be so. */
const inDoubt = (offer) => offer.credentials.some((c) =>
  !['accredited', 'not-asked'].includes(c.accreditation.outcome));

/** The code that the offer brings, or the issuer's page, as it is granted. */
function ways(offer, again) {
  const doubt = inDoubt(offer);
  const accepting = said(doubt ? 'button.button.outline' : 'button.button',
    doubt ? 'offer.accept.anyway' : 'offer.accept', {}, { type: 'button',
      id: 'offer-accept', onclick: () => accept(offer, again) });
  const page = said(`button.button${offer.by_code ? '.outline' : ''}`,
    offer.by_code ? 'offer.page.instead' : 'offer.page', {},
    { type: 'button', id: 'offer-page', onclick: () => goThere(offer) });
  return [...(offer.by_code ? [accepting] : []),
    ...(offer.by_page ? [page] : [])];
}

export function showOffer(offer, again) {
  $('offer').className = 'card open';
  $('offer').dataset.state = 'offered';
  $('offer').replaceChildren(
    said('h2', 'offer.title', {}, { tabindex: '-1', id: 'offer-title' }),
    el('p.asker', {}, offer.issuer_name),
    el('dl.facts', {}, fact('offer.address', el('code', {}, offer.issuer))),
    ...offer.credentials.map(promised),
    codeField(offer.tx_code) ?? '',
    offer.by_page ? said('p.help', 'offer.page.note') : '',
    said('p.help', 'offer.note'),
    el('div', { id: 'offer-status', role: 'alert' }),
    el('div.actions', {},
      ...ways(offer, again),
      said('button.button.outline', 'offer.decline', {}, { type: 'button',
        id: 'offer-decline', onclick: () => decline(offer, again) })));
}
