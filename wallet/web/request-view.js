// A request: who asks, under which right, what exactly, what is optional, what is
// too much; show it or refuse.
// SPDX-License-Identifier: EUPL-1.2
import { answerRequest, refuseRequest } from './api.js';
import { claimList } from './cards-view.js';
import { $, el, fact, said } from './dom.js';
import { problemNodes } from './problem-view.js';
import { spell } from './spell.js';

function finish(key, kind, again, goesOn) {
  $('request').className = 'card';
  $('request').replaceChildren(
    el(`div.verdict.${kind}`, {},
      el('span.sign', { 'aria-hidden': 'true' }, kind === 'ok' ? '✓' : '✗'),
      el('div', {},
        said('h2', `request.${key}`, {}, { tabindex: '-1', id: 'request-title' }),
        said('p', `request.${key}.text`))),
    el('div.actions', {},
      goesOn ? said('a.button', 'request.go-on', {},
        { href: goesOn, rel: 'noreferrer' }) : '',
      said('button.button.outline', 'scan.another', {},
        { type: 'button', onclick: again })));
  $('request').dataset.state = key;
  $('request-title').focus();
}

/* ---- what would be shown ------------------------------------------------- */

function itemNode(item) {
  if (!item.available) {
    return el('section.shown', {}, el('h3', {}, item.query),
      said('p.reason', 'request.lacking'));
  }
  const id = `show-${item.query}`;
  return el('section.shown', { 'data-query': item.query },
    el('div.card-head', {}, el('h3', {}, item.name),
      said('span.badge', item.required ? 'request.required'
        : 'request.optional')),
    el('p.issuer', {}, item.issuer_name),
    item.required ? null : el('div.check', {},
      el('input', { type: 'checkbox', id, 'data-show': item.query }),
      said('label', 'request.show-it', {}, { for: id })),
    claimList(item.claims));
}

/* ---- what would be approved (OpenID4VP 1.0 section 8.4) ------------------ */

const PAYMENT = 'urn:broletto:transaction:payment:1';

function amountNode(t) {
  const amount = Number(t.amount);
  return said('strong', 'transaction.sum',
    { amount: Number.isFinite(amount) ? { amount } : t.amount,
      currency: t.currency });
}

/** The server refuses types that it does not know: here are those that it does. */
function transactionNode(t) {
  const payment = t.type === PAYMENT;
  const facts = payment
    ? [fact('transaction.payee', el('strong', {}, t.payee)),
      fact('transaction.amount', amountNode(t))]
    : [fact('transaction.text', el('strong', {}, t.text))];
  return el('section.shown.transaction', { 'data-type': t.type },
    said('h3', payment ? 'transaction.payment' : 'transaction.approval'),
    el('dl.facts', {}, ...facts,
      t.reference ? fact('transaction.reference', t.reference) : '',
      t.digest ? fact('transaction.digest', el('code', {}, t.digest)) : ''));
}

function transactions(request) {
  return request.transactions.length === 0 ? []
    : [said('h3', 'request.would-approve'),
      ...request.transactions.map(transactionNode),
      said('p.help', 'request.approve.note')];
}

/* ---- what to point out --------------------------------------------------- */

/** The claim as the items call it, else by its own name. */
function nameOf(request, remark) {
  const item = request.items.find((i) => i.query === remark.query);
  const path = JSON.stringify(remark.path ?? []);
  const line = item?.claims?.find((c) => JSON.stringify(c.path) === path);
  return line?.label ?? (remark.path ? spell(remark.path) : item?.name ?? '');
}

function remarkNode(request, remark) {
  const about = ['many', 'new-party', 'not-registered', 'registration-bad']
    .includes(remark.kind) ? '' : nameOf(request, remark);
  return el('li.remark', { 'data-remark': remark.kind },
    about ? el('strong', {}, `${about}: `) : '',
    said('span', `remark.${remark.kind}`, { count: remark.count ?? 0 }), ' ',
    said('span.todo', `remark.${remark.kind}.do`));
}

function noticeNode(notice) {
  return el('li.remark', { 'data-remark': notice }, said('span', `asked.${notice}`),
    ' ', said('span.todo', `asked.${notice}.do`));
}

const unchecked = (request) =>
  (request.registered.outcome === 'unknown' ? [noticeNode('unchecked')] : []);

/** The grave ones first, in a box of their own; what is only worth knowing is
 *  below. */
function remarkNodes(request) {
  const of = (level) => request.remarks.filter((r) => r.level === level)
    .map((r) => remarkNode(request, r));
  const box = (kind, key, nodes) => (nodes.length === 0 ? []
    : [el(`div.alert.remarks.${kind}`, { role: 'note' }, said('h3', key),
      el('ul', {}, ...nodes))]);
  return [
    ...box('grave', 'remarks.grave', of('grave')),
    ...box('warn', 'remarks.warn',
      [...of('warn'), ...unchecked(request), ...request.notices.map(noticeNode)]),
    ...box('info', 'remarks.info', of('info')),
  ];
}

/* ---- the answer ---------------------------------------------------------- */

const chosen = (request) => request.items.filter((item) => item.available &&
  (item.required ||
   $('request').querySelector(`[data-show="${CSS.escape(item.query)}"]`)?.checked))
  .map((item) => item.query);

async function answer(request, again) {
  $('request-answer').disabled = true;
  $('request-status').replaceChildren(said('p.wait', 'request.sending'));
  try {
    const done = await answerRequest(request.id, chosen(request));
    finish('shown', 'ok', again, done.redirect_uri);
  } catch (problem) {
    if (problem.slug === 'verifier-refused') {
      finish('not-accepted', 'failed', again);
    } else {
      $('request-status').replaceChildren(...problemNodes(problem));
    }
  }
}

async function refuse(request, again) {
  try {
    await refuseRequest(request.id);
    finish('refused', 'ok', again);
  } catch (problem) {
    $('request-status').replaceChildren(...problemNodes(problem));
  }
}

/** As the ledger knows who asks. */
function onLedger(request) {
  return request.registered.outcome !== 'registered' ? ''
    : fact('request.registered', el('span', { id: 'request-registered' },
      el('strong', {}, request.registered.name), ' ',
      el('code', {}, request.registered.did)));
}

function askerNodes(request) {
  const right = request.registration?.purpose;
  return [
    el('p.asker', {}, request.registration?.name || request.asked_by ||
      request.host),
    el('dl.facts', {},
      request.registration ? fact('request.owner', request.asked_by) : '',
      onLedger(request),
      right ? fact('request.right', right) : '',
      request.purpose ? fact('request.purpose', request.purpose) : '',
      fact('request.to', el('code', {}, request.host))),
  ];
}

export function showRequest(request, again) {
  const approves = request.transactions.length > 0;
  $('request').className = 'card open';
  $('request').dataset.state = request.answerable ? 'asked' : 'lacking';
  $('request').replaceChildren(
    said('h2', 'request.title', {}, { tabindex: '-1', id: 'request-title' }),
    ...askerNodes(request),
    ...remarkNodes(request),
    ...transactions(request),
    said('h3', request.answerable ? 'request.would-show' : 'request.cannot'),
    ...request.items.map(itemNode),
    said('p.help', 'request.note'),
    el('div', { id: 'request-status', role: 'alert' }),
    el('div.actions', {},
      request.answerable ? said('button.button',
        approves ? 'request.approve' : 'request.answer', {},
        { type: 'button', id: 'request-answer',
          onclick: () => answer(request, again) }) : '',
      said('button.button.outline', 'request.refuse', {}, { type: 'button',
        id: 'request-refuse', onclick: () => refuse(request, again) })));
}
