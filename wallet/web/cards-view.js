// The credentials as cards, and one of them with its claims.
// SPDX-License-Identifier: EUPL-1.2
import {
  getCredential, getCredentials, refresh, removeCredential, renewCredential,
} from './api.js';
import { $, el, fact, said } from './dom.js';
import { say } from './i18n.js';
import { problemNodes } from './problem-view.js';
import { standingNode } from './standing-view.js';

const GRAVE = ['revoked', 'expired'];
let asked = 0;

const when = (s) => said('time', 'value.when', { when: { when: s * 1e6 } },
  { datetime: new Date(s * 1000).toISOString() });

function kind(credential) {
  return credential.notice === '' ? ''
    : GRAVE.includes(credential.notice) ? 'bad' : 'warn';
}

function badge(credential) {
  const grave = kind(credential);
  return said(`span.badge.${grave === 'bad' ? 'failed' : grave || 'valid'}`,
    `notice.${credential.notice || 'valid'}`);
}

/** A claim's value as people read it. */
export function valueNode(line) {
  if (typeof line.value === 'boolean') {
    return said('strong', line.value ? 'answer.yes' : 'answer.no');
  }
  if (/^\d{4}-\d\d-\d\d$/.test(line.text)) {
    return said('span', 'value.text', { text: { day: line.text } });
  }
  if (typeof line.value === 'number' && !Number.isInteger(line.value)) {
    return said('span', 'value.text', { text: { amount: line.value } });
  }
  return el('span', {}, line.text);
}

export function claimList(lines) {
  return el('dl.facts', {}, ...lines.map((line) => el('div', {},
    el('dt', {}, line.label),
    el('dd', { 'data-path': line.path.join('/') }, valueNode(line)))));
}

function head(credential, name) {
  return [el('div.card-head', {}, name, badge(credential)),
    el('p.issuer', {}, credential.issuer_name)];
}

/* ---- one ----------------------------------------------------------------- */

function removal(credential) {
  const status = el('div', { role: 'alert' });
  const sure = said('button.button.danger', 'card.remove.sure', {},
    { type: 'button', hidden: true });
  const first = said('button.button.outline', 'card.remove', {},
    { type: 'button', id: 'card-remove', onclick: () => {
      first.hidden = true;
      sure.hidden = false;
      sure.focus();
    } });
  sure.addEventListener('click', async () => {
    try {
      await removeCredential(credential.id);
      location.hash = '#cards';
    } catch (problem) {
      status.replaceChildren(...problemNodes(problem));
    }
  });
  return [status, el('div.actions', {}, first, sure)];
}

/** New copies by the right that came with it; what went wrong the last time. */
function renewal(credential) {
  const status = el('div', { role: 'alert' });
  const button = said('button.button.outline', 'card.renew', {},
    { type: 'button', id: 'card-renew', onclick: async () => {
      button.disabled = true;
      status.replaceChildren(said('p.wait', 'card.renewing'));
      try {
        await renewCredential(credential.id);
        await showOne(credential.id);
      } catch (problem) {
        status.replaceChildren(...problemNodes(problem));
        button.disabled = false;
      }
    } });
  return [
    credential.renewal_failed ? el('p.help', {},
      said('span', credential.renewable ? 'card.renewal-failed'
        : 'card.renewal-over', { when: { when: credential.renewal_failed * 1e6 } }),
      ' ', el('span.reason-text', {}, credential.renewal_reason)) : '',
    status,
    credential.renewable ? el('div.actions', {}, button) : ''];
}

/** Of a long ladder of yes and no, what is said is folded away. */
function split(lines) {
  const bits = lines.filter((l) => typeof l.value === 'boolean');
  bits.sort((a, b) => a.label.localeCompare(b.label, 'en', { numeric: true }));
  return bits.length > 3
    ? [lines.filter((l) => typeof l.value !== 'boolean'), bits] : [lines, []];
}

function oneNodes(credential) {
  const [plain, bits] = split(credential.claims ?? []);
  return [
    ...head(credential, el('h2', { tabindex: '-1', id: 'card-title' },
      credential.name)),
    ...(credential.notice === '' ? []
      : [said('p.alert', `notice.${credential.notice}.text`)]),
    claimList(plain),
    ...(bits.length === 0 ? [] : [el('details', {},
      said('summary', 'card.bits', { count: bits.length }), claimList(bits))]),
    el('details', {}, said('summary', 'card.more'),
      el('dl.facts', {},
        fact('card.issuer', credential.issuer),
        ...(credential.accreditation ? [fact('card.accredited',
          standingNode(credential.accreditation))] : []),
        ...(credential.expires ? [fact('card.expires', when(credential.expires))] : []),
        fact('card.accepted', when(credential.accepted)),
        ...(credential.status_checked ? [fact('card.checked',
          when(credential.status_checked))] : []),
        fact('card.uses', String(credential.uses)),
        fact('card.copies', said('span', credential.once_only
          ? 'card.copies.once' : 'card.copies.rotate',
        { left: credential.copies_left, all: credential.copies })))),
    ...renewal(credential),
    ...removal(credential),
    el('p.next', {}, said('a', 'card.back', {}, { href: '#cards' })),
  ];
}

async function showOne(id) {
  const mine = ++asked;
  try {
    const credential = await getCredential(id);
    if (mine === asked) {
      say($('cards-status'), 'cards.one');
      $('cards').replaceChildren(el(`article.card.credential.${kind(credential)}`,
        { 'data-notice': credential.notice || 'valid' }, ...oneNodes(credential)));
      $('card-title').focus();
    }
  } catch (problem) {
    $('cards').replaceChildren(...problemNodes(problem));
  }
}

/* ---- all ----------------------------------------------------------------- */

function card(credential) {
  return el(`li.card.credential.${kind(credential)}`,
    { 'data-id': credential.id, 'data-notice': credential.notice || 'valid' },
    ...head(credential, el('h2', {}, el('a',
      { href: `#cards/${credential.id}` }, credential.name))),
    credential.expires ? said('p.help', 'card.until',
      { when: { when: credential.expires * 1e6 } }) : null);
}

function fill(all) {
  say($('cards-status'), all.length === 0 ? 'cards.none' : 'cards.count',
    { count: all.length });
  $('cards').replaceChildren(all.length === 0
    ? said('a.button', 'cards.first', {}, { href: '#scan' })
    : el('ul.plain', {}, ...all.map(card)));
}

/** What is known at once, then what issuers say today. */
async function showAll() {
  const mine = ++asked;
  const still = (what) => { // nobody has gone on to one of them meanwhile
    if (mine === asked) {
      what();
    }
  };
  try {
    const known = await getCredentials();
    still(() => fill(known));
    const news = await refresh();
    if (news.came > 0 || news.status_asked > 0 || news.renewed > 0 ||
        news.renewal_failed > 0) {
      const today = await getCredentials();
      still(() => fill(today));
    }
  } catch (problem) {
    still(() => $('cards').replaceChildren(...problemNodes(problem)));
  }
}

export function showCards(rest) {
  if (rest.length > 0) {
    showOne(rest[0]);
  } else {
    showAll();
  }
}
