// Several credentials at once: chosen by their boxes, changed together with one
// reason, after a question that names their number.
// SPDX-License-Identifier: EUPL-1.2
import { moveMany } from './api.js';
import { $, el, said } from './dom.js';
import { say, t } from './i18n.js';
import { problemNodes } from './problem-view.js';

const MOVES = ['suspend', 'reinstate', 'revoke'];
let renewAll = () => {};

const boxes = () => [...$('found').querySelectorAll('input.pick')];
const chosen = () => boxes().filter((b) => b.checked).map((b) => b.value);

/** The box of one credential; none for what cannot change any more. */
export function pickBox(credential) {
  if (credential.status === 'invalid') {
    return null;
  }
  const id = `pick-${credential.id}`;
  return el('span.check', {},
    el('input.pick', { type: 'checkbox', id, value: credential.id,
      onchange: showChoice }),
    said('label.hidden', 'many.pick',
      { text: credential.reference || credential.id }, { for: id }));
}

/* ---- a change of many ---------------------------------------------------- */

function undoButton(ids) {
  return said('button.button.outline', 'many.undo', {}, { type: 'button',
    id: 'many-undo', onclick: () =>
      change(ids, 'reinstate', t('many.undo.reason'), $('many-problem')) });
}

async function change(ids, move, reason, problems) {
  try {
    const { changed, already } = await moveMany(ids, move, reason);
    renewAll(changed);
    showChoice();
    $('many-form').replaceChildren(el('div.actions', {}, move === 'suspend' &&
      changed.length > 0 ? undoButton(changed.map((c) => c.id)) : null));
    say($('find-status'), `many.${move}.done`,
      { count: changed.length, already });
    $('find-status').focus();
  } catch (problem) {
    problems.replaceChildren(...problemNodes(problem));
  }
}

function ask(move) {
  const ids = chosen();
  const problems = el('div', { role: 'alert' });
  const reason = el('input', { type: 'text', id: 'many-reason', maxlength: 200,
    autocomplete: 'off', 'aria-describedby': 'many-help' });
  const form = el('form.moves', { novalidate: true },
    said('h2', `many.${move}.title`, { count: ids.length },
      { id: 'many-title' }),
    el('div.field', {},
      said('label.field-label', 'many.reason', {}, { for: 'many-reason' }),
      reason, said('p.help', `move.${move}.help`, {}, { id: 'many-help' })),
    problems,
    el('div.actions', {},
      said(`button.button${move === 'revoke' ? '.danger' : ''}`,
        `many.${move}.go`, { count: ids.length }, { type: 'submit' }),
      said('button.button.outline', 'move.cancel', {}, { type: 'button',
        onclick: () => showChoice() })));
  form.addEventListener('submit', (e) => {
    e.preventDefault();
    if (reason.value.trim() === '') {
      reason.setAttribute('aria-invalid', 'true');
      problems.replaceChildren(said('p.reason', 'move.no-reason'));
      reason.focus();
      return;
    }
    change(ids, move, reason.value.trim(), problems);
  });
  $('many-form').replaceChildren(form);
  reason.focus();
}

/* ---- the choice ---------------------------------------------------------- */

function showChoice() {
  const all = boxes();
  const count = chosen().length;
  $('many').hidden = all.length === 0 && $('many-undo') === null;
  $('many-all').checked = all.length > 0 && count === all.length;
  $('many-all').indeterminate = count > 0 && count < all.length;
  say($('many-count'), count === 0 ? 'many.none' : 'many.count', { count });
  for (const move of MOVES) {
    $(`many-${move}`).disabled = count === 0;
  }
  $('many-problem').replaceChildren();
  $('many-form').replaceChildren();
}

/** Whenever what is listed has changed. */
export const showMany = showChoice;

/** renew: takes credentials as they are now. */
export function startMany(renew) {
  renewAll = renew;
  $('many-all').addEventListener('change', () => {
    for (const box of boxes()) {
      box.checked = $('many-all').checked;
    }
    showChoice();
  });
  for (const move of MOVES) {
    $(`many-${move}`).addEventListener('click', () => ask(move));
  }
}
