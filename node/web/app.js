// The page: routing between its three views, language, and the trust policy
// that verifying starts from. Every module is loaded here and at once, so that
// the page needs no network afterwards.
// SPDX-License-Identifier: EUPL-1.2
import { getPolicy } from './api.js';
import { $ } from './dom.js';
import { showExplore, startExplore, translateExplore } from './explore-view.js';
import { startHasher } from './hasher.js';
import {
  currentLanguage, keepLanguage, preferredLanguage, say, setLanguage, t,
} from './i18n.js';
import { startStamp, translateStamp } from './stamp-view.js';
import { loadTrust, startTrust } from './trust.js';
import { startVerify } from './verify-view.js';

const VIEWS = ['stamp', 'verify', 'explore'];

function route() {
  const [view, ...rest] = location.hash.slice(1).split('/');
  return VIEWS.includes(view) ? [view, rest] : ['stamp', []];
}

function mark(view) {
  for (const name of VIEWS) {
    $(`view-${name}`).hidden = name !== view;
    const link = document.querySelector(`.tabs a[href="#${name}"]`);
    link.toggleAttribute('data-here', name === view);
    if (name === view) {
      link.setAttribute('aria-current', 'page');
    } else {
      link.removeAttribute('aria-current');
    }
  }
  document.title = `${t(`${view}.title`)} · Broletto`;
}

function show(byReader) {
  const [view, rest] = route();
  const changed = $(`view-${view}`).hidden;
  mark(view);
  if (view === 'explore') {
    showExplore(rest);
  }
  if (byReader && changed) {
    window.scrollTo(0, 0);
    document.querySelector(`#view-${view} h1`).focus({ preventScroll: true });
  }
}

function speak(language) {
  setLanguage(language);
  for (const button of document.querySelectorAll('[data-language]')) {
    button.setAttribute('aria-pressed',
      String(button.dataset.language === currentLanguage()));
  }
  mark(route()[0]);
  translateStamp();
  translateExplore();
}

function startLanguages() {
  for (const button of document.querySelectorAll('[data-language]')) {
    button.addEventListener('click', () => {
      keepLanguage(button.dataset.language);
      speak(button.dataset.language);
    });
  }
  speak(preferredLanguage());
}

/** "#main" is no view: the skip link moves the focus and leaves the address. */
function startSkip() {
  $('skip').addEventListener('click', (e) => {
    e.preventDefault();
    $('main').focus();
  });
}

/** A file dropped beside its place would replace the page. */
function startDropGuard() {
  for (const event of ['dragover', 'drop']) {
    window.addEventListener(event, (e) => e.preventDefault());
  }
}

async function loadPolicy() {
  try {
    loadTrust(await getPolicy());
    $('outage').hidden = true;
  } catch {
    loadTrust(null);
    $('outage').hidden = false;
    say($('outage'), 'outage');
  }
}

function start() {
  startHasher();
  startTrust();
  startStamp();
  startVerify();
  startExplore();
  startSkip();
  startDropGuard();
  startLanguages();
  window.addEventListener('hashchange', () => show(true));
  loadPolicy().finally(() => {
    show(false);
    document.body.dataset.ready = 'yes';
  });
}

start();
