// Whether a ledger's registry lists a body as accredited, and by whom: for the
// wallet before it accepts, for the desk after an answer.
// SPDX-License-Identifier: EUPL-1.2
import { el, said } from './dom.js';

const day = (s) => ({ day: new Date(s * 1000).toISOString().slice(0, 10) });

/** "from 1 May 2026 until 1 May 2028", as far as it is known. */
function span(step) {
  if (!step.since) {
    return null;
  }
  return said('p.detail', step.until ? 'standing.span' : 'standing.since',
    { since: day(step.since), until: step.until ? day(step.until) : '' });
}

function stepNode(step) {
  return el('li.step.ok', {},
    el('span.sign', { 'aria-hidden': 'true' }, '✓'),
    el('div', {},
      el('p.step-head', {}, el('strong', {}, step.name), ' ',
        said('span.outcome', `standing.level.${step.level}`)),
      span(step),
      el('p.detail', {}, el('code', {}, step.did))));
}

/** Who accredited whom, up to the root. */
export function chainNode(a) {
  const own = { name: a.name, did: a.did, level: 'issuer', since: a.since,
    until: a.until };
  return el('details', {}, said('summary', 'standing.chain'),
    el('ol.steps', {}, ...[own, ...a.by].map(stepNode)),
    said('p.help', 'standing.registry', { text: a.registry }));
}

function warning(a) {
  return el('div.alert', { 'data-standing': a.outcome },
    el('p.reason', {}, said('strong', `standing.${a.outcome}`)),
    said('p', `standing.${a.outcome}.text`, { text: a.name ?? '' }),
    a.reason ? el('p.detail', { lang: 'en' }, a.reason) : null);
}

/** A line and its chain, a warning, or a word that nobody was asked. */
export function standingNode(a) {
  if (a.outcome === 'not-asked') {
    return said('p.help', 'standing.not-asked', {},
      { 'data-standing': a.outcome });
  }
  if (a.outcome !== 'accredited') {
    return warning(a);
  }
  return el('div', { 'data-standing': a.outcome },
    said('p.mark.ok', 'standing.accredited',
      { name: a.name, text: a.by[0].name }),
    chainNode(a));
}
