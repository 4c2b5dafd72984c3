// A form made from a type's configuration, and the claims that it was filled in
// with.
// SPDX-License-Identifier: EUPL-1.2
import { el, said } from './dom.js';

const idOf = (claim) => `claim-${claim.path.join('-')}`;
export const nameOf = (claim) =>
  ({ name: { local: claim.display, or: claim.path.join(' ') } });

/** A label and its field, which says when it may be left empty. */
function field(claim, input) {
  const id = idOf(claim);
  input.id = id;
  input.toggleAttribute('required', claim.required);
  const label = said('label.field-label',
    claim.required ? 'claim.name' : 'claim.optional', nameOf(claim),
    { for: id });
  return el('div.field', {}, label, input);
}

const text = (attributes) => el('input',
  { type: 'text', autocomplete: 'off', ...attributes });

const INPUTS = {
  string: () => text({}),
  date: () => el('input', { type: 'date' }),
  integer: () => text({ inputmode: 'numeric' }),
  amount: () => text({ inputmode: 'decimal' }),
  strings: () => el('textarea', { rows: 3 }),
};

function row(claim) {
  if (claim.type === 'ladder') {
    return said('p.ladder.whole', 'claim.ladder',
      { ...nameOf(claim), count: claim.steps.length });
  }
  if (claim.type === 'boolean') {
    const id = idOf(claim);
    return el('div.check.field', {}, el('input', { type: 'checkbox', id }),
      said('label', 'claim.name', nameOf(claim), { for: id }));
  }
  return field(claim, INPUTS[claim.type]());
}

export function claimFields(type) {
  return el('fieldset.fields', {}, said('legend', 'issue.claims'),
    el('div.claims', {}, ...type.claims.map(row)));
}

/** A number as people write it, "18.250,50" or "18250.50"; NaN when it is
 *  none. */
export function parseAmount(written) {
  const plain = written.replace(/[\s€]/g, '');
  const comma = /^\d{1,3}(\.\d{3})*,\d{1,2}$|^\d+,\d{1,2}$|^\d{1,3}(\.\d{3})+$/;
  const english = /^\d{1,3}(,\d{3})+(\.\d{1,2})?$|^\d+(\.\d{1,2})?$/;
  if (comma.test(plain)) {
    return Number(plain.replaceAll('.', '').replace(',', '.'));
  }
  return english.test(plain) ? Number(plain.replaceAll(',', '')) : NaN;
}

const READERS = {
  string: (input) => input.value.trim(),
  date: (input) => input.value,
  integer: (input) => /^\d+$/.test(input.value.trim())
    ? Number(input.value.trim()) : NaN,
  amount: (input) => parseAmount(input.value.trim()),
  strings: (input) => input.value.split('\n').map((s) => s.trim())
    .filter((s) => s !== ''),
};

function put(claims, path, value) {
  const last = path.length - 1;
  let at = claims;
  for (const step of path.slice(0, last)) {
    at[step] ??= {};
    at = at[step];
  }
  at[path[last]] = value;
}

/** {claims, wrong}: wrong has the inputs that cannot be taken. */
export function readClaims(root, type) {
  const claims = {};
  const wrong = [];
  for (const claim of type.claims.filter((c) => c.type !== 'ladder')) {
    const input = root.querySelector(`#${CSS.escape(idOf(claim))}`);
    if (claim.type === 'boolean') {
      put(claims, claim.path, input.checked);
      continue;
    }
    const empty = input.value.trim() === '';
    const value = empty ? null : READERS[claim.type](input);
    const bad = empty ? claim.required : Number.isNaN(value);
    if (bad) {
      input.setAttribute('aria-invalid', 'true');
      wrong.push(input);
    } else {
      input.removeAttribute('aria-invalid');
    }
    if (!empty && !bad) {
      put(claims, claim.path, value);
    }
  }
  return { claims, wrong };
}
