// Asking: what, of which credential, and why; the request on the screen; the
// answer with each step and its reason.
// SPDX-License-Identifier: EUPL-1.2
import { getRequest, postRequest } from './api.js';
import { nameOf } from './claim-form.js';
import { $, el, fact, said } from './dom.js';
import { say } from './i18n.js';
import { typeOptions } from './issue-view.js';
import { problemNodes } from './problem-view.js';
import { qrPicture, qrSave } from './qr-view.js';
import { standingNode } from './standing-view.js';

const POLL_MS = 1000;
const OVER = ['accepted', 'refused', 'declined', 'expired'];
const USUAL_STEP = 20000;
const STEPS = ['answer', 'issuer', 'credential', 'validity', 'holder', 'claims',
  'approval', 'status', 'accreditation', 'complete'];
const SIGNS = { passed: '✓', failed: '✗', unknown: '✗' };
let types = [];
let watched = null;

const chosen = () => types.find((t) => t.id === $('ask-type').value);
const keyOf = (path) => path.join('/');

/* ---- the question -------------------------------------------------------- */

function ladderRow(claim) {
  const id = `ask-${claim.path.join('-')}`;
  const usual = claim.steps.includes(USUAL_STEP) ? USUAL_STEP : claim.steps[0];
  return el('div.field', {},
    said('label.field-label', 'claim.name', nameOf(claim), { for: id }),
    el('select', { id, 'data-ladder': keyOf(claim.path) },
      said('option', 'ask.not-asked', {}, { value: '' }),
      ...claim.steps.map((step) => said('option', 'ask.step', { step },
        { value: String(step), selected: step === usual }))));
}

function boxRow(claim) {
  const id = `ask-${claim.path.join('-')}`;
  return el('div.check', {},
    el('input', { type: 'checkbox', id, 'data-claim': keyOf(claim.path) }),
    said('label', 'claim.name', nameOf(claim), { for: id }));
}

function showType() {
  const type = chosen();
  const ladders = type.claims.filter((c) => c.type === 'ladder');
  const others = type.claims.filter((c) => c.type !== 'ladder');
  const boxes = el('div.choices', {}, ...others.map(boxRow));
  $('ask-claims').replaceChildren(
    ...ladders.map(ladderRow),
    el('details.field', { open: ladders.length === 0 },
      said('summary', ladders.length === 0 ? 'ask.claims' : 'ask.more'),
      said('p.help', 'ask.more.help'), boxes));
}

export function useTypesToAsk(list) {
  types = list;
  $('ask-type').replaceChildren(...typeOptions(types));
  showType();
}

function askedPaths() {
  const ladders = [...$('ask-claims').querySelectorAll('[data-ladder]')]
    .filter((s) => s.value !== '')
    .map((s) => [...s.dataset.ladder.split('/'), s.value]);
  const boxes = [...$('ask-claims').querySelectorAll('[data-claim]:checked')]
    .map((b) => b.dataset.claim.split('/'));
  return [...ladders, ...boxes];
}

/** DCQL (OpenID4VP 1.0 section 6). */
function queryOf(type, paths) {
  return { credentials: [{ id: type.id, format: 'dc+sd-jwt',
    meta: { vct_values: [type.vct] },
    claims: paths.map((path) => ({ path })) }] };
}

/** What a path is called: of a ladder, with its step. */
function titleOf(type, path) {
  const claim = type.claims.find((c) => keyOf(c.path) === keyOf(path) ||
    (c.type === 'ladder' && keyOf(c.path) === keyOf(path.slice(0, -1))));
  if (claim === undefined) {
    return ['value.text', { text: path.join(' ') }];
  }
  return claim.type === 'ladder' && path.length > claim.path.length
    ? ['ask.question.step', { ...nameOf(claim), step: Number(path.at(-1)) }]
    : ['claim.name', nameOf(claim)];
}

/* ---- the request on the screen ------------------------------------------- */

function again() {
  watched = null;
  $('asked').hidden = true;
  $('asked').replaceChildren();
  $('ask-form').hidden = false;
  $('ask-type').focus();
}

function requestNodes(request, type, paths) {
  return [
    el('div.card-head', {},
      said('h2', 'asked.title', {}, { tabindex: '-1', id: 'asked-title' }),
      el('span.badge', { id: 'asked-state' })),
    el('ul.keys', {}, ...paths.map((path) => said('li', ...titleOf(type, path)))),
    el('div', { id: 'asked-code' },
      said('p', 'asked.scan'),
      qrPicture(request.qr, 'asked.qr'), qrSave(request.qr, `request-${request.id}`),
      el('details', {}, said('summary', 'offer.link'),
        el('a.link', { href: request.link, id: 'asked-link' }, request.link))),
    el('p.wait', { id: 'asked-wait', role: 'status' }),
    el('div', { id: 'asked-result' }),
    el('div', { id: 'asked-problem', role: 'alert' }),
    el('div.actions', {}, said('button.button', 'asked.another', {},
      { type: 'button', id: 'asked-another', onclick: again })),
  ];
}

/* ---- the result ---------------------------------------------------------- */

function valueNode(value) {
  if (typeof value === 'boolean') {
    return said('strong.answer', value ? 'answer.yes' : 'answer.no');
  }
  return el('span', {}, typeof value === 'string' ? value
    : JSON.stringify(value));
}

function claimsOf(type, presentation) {
  return el('dl.facts.answers', {}, ...(presentation.claims ?? []).map((c) =>
    el('div', {}, said('dt', ...titleOf(type, c.path)),
      el('dd', { 'data-path': keyOf(c.path) }, valueNode(c.value)))));
}

function stepItem(step) {
  const kind = step.outcome === 'passed' ? 'ok'
    : step.outcome in SIGNS && !step.advice ? 'failed' : 'skipped';
  return el(`li.step.${kind}`, { 'data-step': step.step },
    el('span.sign', { 'aria-hidden': 'true' }, SIGNS[step.outcome] ?? '–'),
    el('div', {},
      el('p.step-head', {}, said('strong', `step.${step.step}`), ' ',
        said('span.outcome', `outcome.${step.outcome.replace(' ', '-')}`),
        step.advice ? said('span.outcome', 'outcome.advice') : null),
      step.reason ? el('p.detail', { lang: 'en' }, step.reason)
        : step.rule ? el('p.detail', {}, el('code', {}, step.rule)) : null));
}

export function stepsOf(result) {
  const all = [...(result.steps ?? []),
    ...(result.presentations ?? []).flatMap((p) => p.steps ?? [])];
  const taken = STEPS.flatMap((name) => all.filter((s) => s.step === name));
  return el('details', { open: result.outcome !== 'accepted' },
    said('summary', 'asked.steps', { count: taken.length }),
    el('ol.steps', {}, ...taken.map(stepItem)));
}

/** In words, from the step and its rule. */
export function whyOf(step, rule) {
  const kind = { 'status-invalid': 'revoked', 'status-suspended': 'suspended' };
  return said('p.reason', rule in kind ? `why.status.${kind[rule]}`
    : `why.${step}`);
}

/** The first step that failed tells people why. */
function whyNot(result) {
  const steps = [...(result.presentations ?? []).flatMap((p) => p.steps ?? []),
    ...(result.steps ?? [])];
  const bad = steps.find((s) => !s.advice &&
    (s.outcome === 'failed' || s.outcome === 'unknown'));
  if (bad === undefined) {
    return null;
  }
  if (bad.step === 'accreditation' && bad.outcome === 'unknown') {
    return said('p', 'why.accreditation.unknown');
  }
  const revoked = bad.step === 'status' && bad.outcome === 'failed';
  return said('p', revoked ? `why.status.${/suspend/.test(bad.reason ?? '')
    ? 'suspended' : 'revoked'}` : `why.${bad.step}`);
}

/** Who issued it, and by whose leave; what was asked of another day comes last,
 *  since it decided. */
function issuersOf(result) {
  return (result.presentations ?? []).flatMap((p) => {
    const a = p.accreditation_when_issued ?? p.accreditation;
    return a === undefined ? [] : [el('section', { 'data-issuer': a.outcome },
      a.outcome === 'accredited' ? null
        : el('p', {}, said('span', 'asked.issuer'), ' ',
          el('strong', {}, a.name ?? p.issuer ?? '')),
      standingNode(a))];
  });
}

function verdict(request, type) {
  const result = request.result;
  const good = request.phase === 'accepted';
  const head = el(`div.verdict.${good ? 'ok' : 'failed'}`, {},
    el('span.sign', { 'aria-hidden': 'true' }, good ? '✓' : '✗'),
    el('div', {}, said('h3', `asked.verdict.${request.phase}`),
      result ? whyNot(result) : null));
  if (!result) {
    return [head];
  }
  return [head, ...(good ? (result.presentations ?? []).map((p) =>
    claimsOf(type, p)) : []), ...issuersOf(result), stepsOf(result)];
}

function showPhase(request, type) {
  const over = OVER.includes(request.phase);
  const badge = $('asked-state');
  say(badge, `phase.${request.phase}`);
  badge.className = `badge${request.phase === 'accepted' ? ' done'
    : over ? ' failed' : ''}`;
  $('asked').dataset.phase = request.phase;
  $('asked-code').hidden = over;
  $('asked-wait').hidden = over;
  say($('asked-wait'), `asked.is.${request.phase}`);
  if (over) {
    watched = null;
    $('asked-result').replaceChildren(...verdict(request, type));
    $('asked-title').focus();
  }
}

async function watch(id, type) {
  while (watched === id) {
    await new Promise((done) => setTimeout(done, POLL_MS));
    if (watched !== id) {
      return;
    }
    try {
      showPhase(await getRequest(id), type);
    } catch (problem) {
      if (problem.slug !== 'offline' && problem.slug !== 'busy') {
        watched = null;
        $('asked-problem').replaceChildren(...problemNodes(problem));
      }
    }
  }
}

async function send() {
  const type = chosen();
  const paths = askedPaths();
  const purpose = $('ask-purpose').value.trim();
  const missing = paths.length === 0 ? 'ask.nothing'
    : purpose === '' ? 'ask.no-purpose' : null;
  $('ask-purpose').toggleAttribute('aria-invalid', false);
  if (missing !== null) {
    $('ask-status').replaceChildren(said('p.reason', missing));
    if (missing === 'ask.no-purpose') {
      $('ask-purpose').setAttribute('aria-invalid', 'true');
      $('ask-purpose').focus();
    }
    return;
  }
  $('ask-status').replaceChildren();
  try {
    const request = await postRequest({ query: queryOf(type, paths), purpose });
    $('ask-form').hidden = true;
    $('asked').className = 'card open';
    $('asked').replaceChildren(...requestNodes(request, type, paths));
    $('asked').hidden = false;
    showPhase({ ...request, phase: 'waiting' }, type);
    $('asked-title').focus();
    watched = request.id;
    watch(request.id, type);
  } catch (problem) {
    $('ask-status').replaceChildren(...problemNodes(problem));
  }
}

export function startAsk() {
  $('ask-type').addEventListener('change', showType);
  $('ask-form').addEventListener('submit', (e) => {
    e.preventDefault();
    send();
  });
}
