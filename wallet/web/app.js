// The wallet: whose it is, and routing between the views.
// SPDX-License-Identifier: EUPL-1.2
import { getSession, whenSessionEnds } from './api.js';
import { showCards } from './cards-view.js';
import { startConfirm } from './confirm-view.js';
import { $, said } from './dom.js';
import { showEnter, startEnter } from './enter-view.js';
import {
  enter as enterView, mark, route, startLanguages, startSkip,
} from './frame.js';
import { showHistory, startHistory } from './history-view.js';
import en from './i18n/en.js';
import it from './i18n/it.js';
import { addTexts, say, sayPlain } from './i18n.js';
import { leaveScan, showScan, startScan, takeBack } from './scan-view.js';
import { startSettings } from './settings-view.js';
import { readWays } from './ways-view.js';

const VIEWS = ['cards', 'scan', 'history', 'settings', 'enter'];
let session = null;
let shown = null;
/* Back from an issuer's page: the address waits here, and in the browser's
 * line, until the wallet is open and has taken it. */
let back = location.pathname === '/back' ? location.href : null;
let taking = false;

function here() {
  if (session === null) {
    return ['enter', []];
  }
  if (back !== null) {
    return ['scan', []];
  }
  const [view, rest] = route(VIEWS);
  return view === 'enter' ? ['cards', []] : [view, rest];
}

async function showReturn() {
  if (session === null) {
    $('enter-status').replaceChildren(said('p', 'enter.back'));
  } else if (!taking) {
    taking = true;
    await takeBack(back);
    back = null;
    history.replaceState(null, '', '/#scan');
  }
}

function show(byReader) {
  const [view, rest] = here();
  const changed = view !== shown;
  shown = view;
  mark(VIEWS, view);
  if (view !== 'scan') {
    leaveScan();
  }
  if (back !== null) {
    showReturn();
  } else if (view === 'cards') {
    showCards(rest);
  } else if (view === 'scan') {
    showScan(rest);
  } else if (view === 'history') {
    showHistory();
  } else if (view === 'enter' && changed) {
    showEnter();
  }
  if (byReader && changed) {
    enterView(view);
  }
}

function begin(found) {
  session = found;
  $('tabs').hidden = session === null;
  sayPlain($('origin'), session === null ? location.host : session.name);
  if (session !== null) {
    readWays();
  }
}

async function open() {
  try {
    begin(await getSession());
  } catch (problem) {
    $('outage').hidden = false;
    say($('outage'), `problem.${problem.slug}`,
      { status: String(problem.status) });
  }
}

/** The page's own files, for when there is no network; nothing of a person's. */
function keepShell() {
  navigator.serviceWorker?.register('/sw.js').catch(() => {
    // not over plain http: then the page needs its server
  });
}

function start() {
  addTexts({ en, it });
  startSkip();
  startScan();
  startHistory();
  startSettings();
  startConfirm();
  startEnter((found) => {
    begin(found);
    show(true);
  });
  whenSessionEnds(() => {
    begin(null);
    show(true);
    $('enter-status').replaceChildren(said('p', 'enter.ended'));
  });
  startLanguages(() => {
    mark(VIEWS, here()[0]);
    if (session !== null && document.body.dataset.ready) {
      show(false); // names of things come from the server, in a language
    }
  });
  window.addEventListener('hashchange', () => show(true));
  open().finally(() => {
    show(false);
    document.body.dataset.ready = 'yes';
    keepShell();
  });
}

start();
