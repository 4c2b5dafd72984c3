// The frame that pages share: languages, the skip link, views by the address's
// hash.
// SPDX-License-Identifier: EUPL-1.2
import { $ } from './dom.js';
import {
  currentLanguage, keepLanguage, preferredLanguage, setLanguage, t,
} from './i18n.js';

/** What the address says: [view, rest...], the first view when it is none. */
export function route(views) {
  const [view, ...rest] = location.hash.slice(1).split('/');
  return views.includes(view) ? [view, rest] : [views[0], []];
}

/** Show one view and mark its link. */
export function mark(views, view) {
  for (const name of views) {
    $(`view-${name}`).hidden = name !== view;
    const link = document.querySelector(`.tabs a[href="#${name}"]`);
    if (link === null) {
      continue; // a view that no tab leads to
    }
    if (name === view) {
      link.setAttribute('aria-current', 'page');
    } else {
      link.removeAttribute('aria-current');
    }
  }
  document.title = `${t(`${view}.title`)} · Broletto`;
}

/** After a change of the view: to its top, for eyes and for screen readers. */
export function enter(view) {
  window.scrollTo(0, 0);
  document.querySelector(`#view-${view} h1`).focus({ preventScroll: true });
}

/** Buttons with data-language; then(): what translates itself. */
export function startLanguages(then) {
  const speak = (language) => {
    setLanguage(language);
    for (const button of document.querySelectorAll('[data-language]')) {
      button.setAttribute('aria-pressed',
        String(button.dataset.language === currentLanguage()));
    }
    then();
  };
  for (const button of document.querySelectorAll('[data-language]')) {
    button.addEventListener('click', () => {
      keepLanguage(button.dataset.language);
      speak(button.dataset.language);
    });
  }
  speak(preferredLanguage());
}

/** "#main" is no view: the skip link moves the focus and leaves the address. */
export function startSkip() {
  $('skip').addEventListener('click', (e) => {
    e.preventDefault();
    $('main').focus();
  });
}
