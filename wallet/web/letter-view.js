// A letter to who was shown something: erase it, or tell what you have. The
// person sends it; the wallet notes that they did.
// SPDX-License-Identifier: EUPL-1.2
import { draftLetter, letterSent } from './api.js';
import { $, el, said } from './dom.js';
import { t } from './i18n.js';
import { problemNodes } from './problem-view.js';

const KINDS = ['erasure', 'access'];

/** As it stands on the page: the person may have changed it. */
const bodyNow = () => $('letter-body').innerText.replace(/\n{3,}/g, '\n\n');

function mailto(contact, letter) {
  return `${contact.uri}?subject=${encodeURIComponent(letter.subject)}` +
    `&body=${encodeURIComponent(bodyNow().replaceAll('\n', '\r\n'))}`;
}

/* Words for a line of the list, and whether following it sends the letter. */
const WAYS = {
  web: { sends: true }, email: { sends: true }, phone: { sends: true },
  policy: { sends: false }, terms: { sends: false }, authority: { sends: false },
};

function contactNode(contact, letter) {
  const text = contact.uri.replace(/^(mailto|tel):/, '');
  const link = el('a.way', { href: contact.uri, rel: 'noreferrer noopener',
    target: contact.uri.startsWith('https:') ? '_blank' : '_self',
    'data-kind': contact.kind }, text);
  if (contact.uri.startsWith('mailto:')) {
    link.addEventListener('click', () => {
      link.href = mailto(contact, letter);
    });
  }
  return el('li', {}, said('span.help', `contact.${contact.kind}`), ' ', link, ' ',
    said('span.help', `contact.from.${contact.from}`));
}

function contactList(key, contacts, letter) {
  return contacts.length === 0 ? []
    : [said('h3', key), el('ul.plain.ways', {},
      ...contacts.map((c) => contactNode(c, letter)))];
}

async function note(entry, kind, then) {
  try {
    await letterSent(entry.id, kind);
    then();
  } catch (problem) {
    $('letter-status').replaceChildren(...problemNodes(problem));
  }
}

function letterNodes(entry, letter, then) {
  const sends = (c) => WAYS[c.kind]?.sends ?? false;
  return [
    said('h2', `letter.${letter.kind}`, { to: letter.to },
      { tabindex: '-1', id: 'letter-title' }),
    said('p', `letter.${letter.kind}.text`),
    el('div.check-row', { role: 'group', 'data-i18n-label': 'letter.kind',
      'aria-label': t('letter.kind') },
    ...KINDS.map((kind) => said('button.button.outline', `letter.choose.${kind}`,
      {}, { type: 'button', 'data-kind': kind,
        'aria-pressed': String(kind === letter.kind),
        onclick: () => openLetter(entry, kind, then) }))),
    el('article.letter', { id: 'letter' },
      el('p.subject', {}, letter.subject),
      el('div.body', { id: 'letter-body', contenteditable: 'plaintext-only',
        role: 'textbox', 'aria-multiline': 'true', tabindex: '0',
        'aria-label': t('letter.body'), 'data-i18n-label': 'letter.body' },
      letter.body)),
    said('p.help', 'letter.help'),
    ...contactList('letter.ways', letter.contacts.filter(sends), letter),
    ...contactList('letter.more', letter.contacts.filter((c) => !sends(c)), letter),
    el('div', { id: 'letter-status', role: 'alert' }),
    el('div.actions', {},
      said('button.button', 'letter.sent', {}, { type: 'button',
        id: 'letter-sent', onclick: () => note(entry, letter.kind, then) }),
      said('button.button.outline', 'letter.print', {}, { type: 'button',
        onclick: () => window.print() }),
      said('button.button.outline', 'letter.close', {}, { type: 'button',
        id: 'letter-close', onclick: then })),
  ];
}

/** then(): back to the history. */
export async function openLetter(entry, kind, then) {
  try {
    const letter = await draftLetter(entry.id, kind);
    $('history-tools').hidden = true;
    $('history').replaceChildren(el('section.card.open', { id: 'letter-card',
      'data-kind': letter.kind }, ...letterNodes(entry, letter, then)));
    $('letter-title').focus();
  } catch (problem) {
    $('history-status').replaceChildren(...problemNodes(problem));
  }
}
