// A request: who asks, why, what exactly, what is optional, what is too much;
// show it or refuse.
// SPDX-License-Identifier: EUPL-1.2
import { answerRequest, refuseRequest } from './api.js';
import { claimList } from './cards-view.js';
import { $, el, fact, said } from './dom.js';
import { problemNodes } from './problem-view.js';

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
    item.required ? null : el('div.check', {},
      el('input', { type: 'checkbox', id, 'data-show': item.query }),
      said('label', 'request.show-it', {}, { for: id })),
    claimList(item.claims));
}

function notices(request) {
  return request.notices.length === 0 ? null
    : el('ul.alert.list', { id: 'request-notices' },
      ...request.notices.map((n) => said('li', `asked.${n}`)));
}

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

export function showRequest(request, again) {
  $('request').className = 'card open';
  $('request').dataset.state = request.answerable ? 'asked' : 'lacking';
  $('request').replaceChildren(
    said('h2', 'request.title', {}, { tabindex: '-1', id: 'request-title' }),
    el('p.asker', {}, request.asked_by || request.host),
    el('dl.facts', {},
      request.purpose ? fact('request.purpose', request.purpose) : '',
      fact('request.to', el('code', {}, request.host))),
    notices(request) ?? '',
    said('h3', request.answerable ? 'request.would-show' : 'request.cannot'),
    ...request.items.map(itemNode),
    said('p.help', 'request.note'),
    el('div', { id: 'request-status', role: 'alert' }),
    el('div.actions', {},
      request.answerable ? said('button.button', 'request.answer', {},
        { type: 'button', id: 'request-answer',
          onclick: () => answer(request, again) }) : '',
      said('button.button.outline', 'request.refuse', {}, { type: 'button',
        id: 'request-refuse', onclick: () => refuse(request, again) })));
}
