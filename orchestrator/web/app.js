// The desk: who works here, and routing between the views.
// SPDX-License-Identifier: EUPL-1.2
import { getSession, getTypes, logOut, whenSessionEnds } from './api.js';
import { startAsk, useTypesToAsk } from './ask-view.js';
import { showAudit, startAudit } from './audit-view.js';
import {
  showCredentials, startCredentials, useTypesToFind,
} from './credentials-view.js';
import {
  showDecisions, startDecisions, useTypesToLookBack,
} from './decisions-view.js';
import { $ } from './dom.js';
import { enter, mark, route, startLanguages, startSkip } from './frame.js';
import en from './i18n/en.js';
import it from './i18n/it.js';
import { addTexts, say, sayPlain } from './i18n.js';
import { startImport, useTypesToImport } from './import-view.js';
import { startIssue, useTypesToIssue } from './issue-view.js';
import { offerWays, showLogin, startLogin } from './login-view.js';
import { showWaiting, startWaiting, useTypesToDecide } from './waiting-view.js';

const VIEWS = ['issue', 'import', 'waiting', 'credentials', 'ask', 'decisions',
  'audit', 'login'];
let session = null;
let shown = null;

function here() {
  if (session === null) {
    return ['login', location.hash.slice(1).split('/').slice(1)];
  }
  const [view, rest] = route(VIEWS);
  return view === 'login' ? ['issue', []] : [view, rest];
}

function show(byReader) {
  const [view, rest] = here();
  const changed = view !== shown;
  shown = view;
  mark(VIEWS, view);
  if (view === 'credentials') {
    showCredentials(rest);
  } else if (view === 'audit') {
    showAudit();
  } else if (view === 'waiting') {
    showWaiting();
  } else if (view === 'decisions') {
    showDecisions();
  } else if (view === 'login') {
    showLogin(rest[0]);
  }
  if (byReader && changed) {
    enter(view);
  }
}

async function begin(found) {
  session = found;
  const inside = session !== null;
  $('tabs').hidden = !inside;
  $('who').hidden = !inside;
  if (inside) {
    say($('who-name'), 'who',
      { name: session.name, role: { key: `role.${session.role}` } });
    sayPlain($('origin'), session.body);
    $('tab-audit').hidden = session.role === 'operator';
    const types = await getTypes();
    useTypesToIssue(types);
    useTypesToImport(types);
    useTypesToFind(types);
    useTypesToAsk(types);
    useTypesToDecide(types);
    useTypesToLookBack(types);
  } else {
    await offerWays();
  }
}

async function end() {
  let away;
  try {
    away = (await logOut()).go;
  } finally {
    if (away === undefined) {
      location.reload(); // nothing of a session stays in the page
    } else {
      location.assign(away); // at the provider too
    }
  }
}

async function open() {
  try {
    await begin(await getSession());
  } catch (problem) {
    $('outage').hidden = false;
    say($('outage'), `problem.${problem.slug}`,
      { status: String(problem.status) });
  }
}

function start() {
  addTexts({ en, it });
  startSkip();
  startIssue();
  startImport();
  startCredentials();
  startAsk();
  startAudit();
  startWaiting();
  startDecisions();
  startLogin(async (found) => {
    await begin(found);
    show(true);
  });
  whenSessionEnds(() => {
    if (session !== null) {
      session = null;
      offerWays().catch(() => {});
      $('tabs').hidden = true;
      $('who').hidden = true;
      show(true);
      $('login-status').replaceChildren(say(
        document.createElement('p'), 'login.ended'));
    }
  });
  $('logout').addEventListener('click', end);
  startLanguages(() => mark(VIEWS, here()[0]));
  window.addEventListener('hashchange', () => show(true));
  open().finally(() => {
    show(false);
    document.body.dataset.ready = 'yes';
  });
}

start();
